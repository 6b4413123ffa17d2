import type { Config } from '../../config/schema.ts'
import { strictTransport } from '../http/strict-transport.ts'
import { createOffers } from '../refusal/challenge.ts'
import { Pages } from '../refusal/pages.ts'
import type { RefusalSettings } from '../refusal/refusal.ts'
import { SessionCookies } from '../session/session-cookie.ts'

/** How Torhaus is addressed, and what it tells of itself: it follows from the configuration, and nothing is open. */
export interface Site {
  readonly publicUrl: URL
  /** Of our own pages; the same, unless they have a host of their own. */
  readonly ownOrigin: string
  readonly cookies: SessionCookies
  readonly refusal: RefusalSettings
  /** What we call ourselves in Via (RFC 9110 7.6.3). */
  readonly viaName: string
}

export function siteOf({
  publicUrl: text,
  ownPages,
  appearance,
  credentials,
  hsts,
}: Pick<Config, 'publicUrl' | 'ownPages' | 'appearance' | 'credentials' | 'hsts'>): Site {
  const publicUrl = new URL(text)
  const own = ownPages.publicUrl === undefined ? publicUrl : new URL(ownPages.publicUrl)
  return {
    publicUrl,
    ownOrigin: own.origin,
    cookies: new SessionCookies(text),
    refusal: {
      pages: new Pages(appearance),
      ...{ publicOrigin: publicUrl.origin, ownOrigin: own.origin, strictTransport: strictTransport(hsts, publicUrl) },
      isOwnHost: own === publicUrl ? undefined : hostTest(own),
      challenge: { offers: createOffers(credentials), realm: credentials.realm ?? publicUrl.origin },
    },
    viaName: `1.1 torhaus-${publicUrl.host.replaceAll(/[^A-Za-z0-9.-]/g, '-')}`,
  }
}

/** By name alone: a port may have been mapped on the way. */
const hostTest =
  ({ hostname }: URL) =>
  (host: string): boolean =>
    host.toLowerCase().replace(/:\d+$/, '') === hostname
