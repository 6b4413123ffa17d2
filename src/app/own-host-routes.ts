/** Assigns Torhaus' pages to paths if they have a host of their own. */

import { HANDED_OVER, type HandOverParts, handOver } from '../routes/hand-over.ts'
import { HAND_OVER } from '../routes/landing.ts'
import { navigationOnly } from '../routes/navigation-only.ts'
import {
  forgetHere,
  type PublicHostParts,
  referToSignIn,
  referToSignOut,
  takeOver,
  toOwnHost,
} from '../routes/public-host.ts'
import { notFound, type Route } from '../routes/reply.ts'
import { startByForm } from '../routes/third-party-login.ts'

type Routes = Readonly<Record<string, Route>>

export interface OwnHostRouteParts {
  readonly isOwnHost: (host: string) => boolean
  /** The parts for each host, with its cookies. */
  readonly own: HandOverParts
  readonly public: PublicHostParts
}

/**
 * `pages`: opened in a browser window. `others`: other resources on the same host. `shared`: fetched by other servers,
 * without cookies, at both hosts.
 */
export function routesOfBothHosts(
  parts: OwnHostRouteParts,
  { pages, others, shared }: Readonly<Record<'pages' | 'others' | 'shared', Routes>>,
): Routes {
  const away = toOwnHost(parts.public.ownOrigin)
  const gets = (routes: Routes) => Object.keys(routes).filter(key => key.startsWith('GET '))
  const own: Routes = { ...pages, ...others, [`GET ${HAND_OVER}`]: navigationOnly(handOver(parts.own)) }
  const here: Routes = {
    ...Object.fromEntries(gets(pages).map(key => [key, navigationOnly(away)])),
    ...Object.fromEntries(gets(others).map(key => [key, away])),
    'GET /.torhaus/sign-in': navigationOnly(referToSignIn(parts.public)),
    'POST /.torhaus/sign-in': navigationOnly(startByForm),
    [`GET ${HANDED_OVER}`]: navigationOnly(takeOver(parts.public)),
    'GET /.torhaus/sign-out': navigationOnly(referToSignOut(parts.public)),
    'GET /.torhaus/signed-out': navigationOnly(forgetHere(parts.public)),
  }
  const at = (key: string): Route => {
    const [ofOwn = notFound, ofPublic = notFound] = [own[key], here[key]]
    return exchange => (parts.isOwnHost(exchange.fields.kept.host ?? '') ? ofOwn : ofPublic)(exchange)
  }
  const keys = new Set([...Object.keys(own), ...Object.keys(here)])
  return { ...Object.fromEntries(Array.from(keys, key => [key, at(key)])), ...shared }
}
