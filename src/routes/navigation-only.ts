import { Fault } from '../errors.ts'
import { isTopLevelNavigation } from '../http/top-level-navigation.ts'
import type { Route } from './reply.ts'

/** Pages of the origin server share our origin: their scripts and frames get nothing of ours. */
export const navigationOnly =
  (route: Route): Route =>
  exchange => {
    if (!isTopLevelNavigation(exchange.fields)) throw new Fault('own-page-navigation-only')
    return route(exchange)
  }
