import type { ClientClass } from '../../config/client-classes.ts'
import { linearPattern } from '../../config/linear-pattern.ts'
import type { Config } from '../../config/schema.ts'
import type { Code } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import { isRegistryPath } from '../http/registry-path.ts'

type OfferedScheme = Config['credentials']['offer'][number]

/** Which schemes a 401 offers to this client on this path. */
export type Offers = (exchange: Pick<PartialExchange, 'clientClass' | 'target'>) => readonly OfferedScheme[]

export function createOffers({ offer, offerRules }: Pick<Config['credentials'], 'offer' | 'offerRules'>): Offers {
  const rules = offerRules.map(rule => ({ ...rule, pattern: linearPattern(rule.path, { matches: 'beginning' }) }))
  // A browser answers Basic with its own password dialog, over the page whose script sent the request.
  const forBrowsers = without('Basic', offer)
  // Registry clients fetch a token from the realm of a Bearer challenge, which only a registry can serve.
  const forRegistries = without('Bearer', offer)
  return ({ clientClass = 'other', target }) => {
    const path = target?.path ?? '/'
    const fits = ({ clientClasses, pattern }: (typeof rules)[number]) =>
      (clientClasses.length === 0 || clientClasses.includes(clientClass)) && pattern.test(path)
    const rule = rules.find(fits)
    if (rule !== undefined) return rule.offer
    if (clientClass === 'browser') return forBrowsers
    return isRegistryPath(path) && FETCH_IMAGES.has(clientClass) ? forRegistries : offer
  }
}

/** Many are known only by the library they use. A build agent needs Bearer in each challenge. */
const FETCH_IMAGES: ReadonlySet<ClientClass> = new Set<ClientClass>(['package-client', 'rest', 'other'])

/** The schemes without that one, unless nothing else is offered. */
function without(left: OfferedScheme, offer: readonly OfferedScheme[]): readonly OfferedScheme[] {
  const others = offer.filter(scheme => scheme !== left)
  return others.length > 0 ? others : offer
}

export interface ChallengeSettings {
  readonly offers: Offers
  readonly realm: string
}

/**
 * Challenge fields, one line per scheme: build agents look for a value with Bearer in it, clients with a personal
 * access token for one that begins with Basic, and neither reads a joined list. A refused access token is named as such
 * (RFC 6750 3.1). Bearer has a realm, too: clients of registries do not read a challenge without parameters.
 */
export function challengeFields({ offers, realm }: ChallengeSettings, known: PartialExchange, code?: Code): string[] {
  const quoted = realm.replaceAll(/["\\]/g, '\\$&')
  const error = code?.startsWith('bearer-') === true ? `, error="invalid_token", error_description="${code}"` : ''
  const values = {
    Basic: `Basic realm="${quoted}"`,
    Bearer: `Bearer realm="${quoted}"${error}`,
    Negotiate: 'Negotiate',
  }
  return offers(known).flatMap(scheme => ['WWW-Authenticate', values[scheme]])
}
