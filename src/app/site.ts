import type { Config } from '../../config/schema.ts'
import { createOffers } from '../refusal/challenge.ts'
import type { RefusalSettings } from '../refusal/refusal.ts'
import { SessionCookies } from '../session/session-cookie.ts'

/** How Torhaus is addressed, and what it tells of itself: it follows from the configuration, and nothing is open. */
export interface Site {
  readonly publicUrl: URL
  readonly cookies: SessionCookies
  readonly refusal: RefusalSettings
  /** What we call ourselves in Via (RFC 9110 7.6.3). */
  readonly viaName: string
}

export function siteOf({ publicUrl: text, credentials }: Pick<Config, 'publicUrl' | 'credentials'>): Site {
  const publicUrl = new URL(text)
  return {
    publicUrl,
    cookies: new SessionCookies(text),
    refusal: {
      publicOrigin: publicUrl.origin,
      challenge: { offers: createOffers(credentials), realm: credentials.realm ?? text },
    },
    viaName: `1.1 torhaus-${publicUrl.host.replaceAll(/[^A-Za-z0-9.-]/g, '-')}`,
  }
}
