import type { Config } from '../../config/schema.ts'
import { strictTransport } from '../http/strict-transport.ts'
import { createOffers } from '../refusal/challenge.ts'
import { Pages } from '../refusal/pages.ts'
import type { RefusalSettings } from '../refusal/refusal.ts'
import { SessionCookies } from '../session/session-cookie.ts'

/** How Torhaus is addressed and presents itself; derived from the configuration, without open resources. */
export interface Site {
  readonly publicUrl: URL
  /** Origin of Torhaus' own pages; the public origin unless they have a host of their own. */
  readonly ownOrigin: string
  readonly cookies: SessionCookies
  readonly refusal: RefusalSettings
  /** Torhaus' pseudonym in Via (RFC 9110 7.6.3). */
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

/** Compares names only: ports may be mapped on the way. */
const hostTest =
  ({ hostname }: URL) =>
  (host: string): boolean =>
    host.toLowerCase().replace(/:\d+$/, '') === hostname
