import { Fault } from '../errors.ts'
import { isTopLevelNavigation } from '../http/top-level-navigation.ts'
import type { Route } from './reply.ts'

/** Pages of the origin server share Torhaus' origin: their scripts and frames must not read its pages. */
export const navigationOnly =
  (route: Route): Route =>
  exchange => {
    if (!isTopLevelNavigation(exchange.fields)) throw new Fault('own-page-navigation-only')
    return route(exchange)
  }
