import { toFault } from '../errors.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Route } from './reply.ts'

/**
 * Whoever wants to leave loses the cookie in any case, also where the store cannot be asked: it opens nothing any more
 * in this browser.
 */
export function leaving(cookies: SessionCookies, route: Route): Route {
  return async exchange => {
    try {
      return await route(exchange)
    } catch (error) {
      if (toFault(error).code === 'store-unavailable')
        exchange.response.setHeader('Set-Cookie', cookies.deleteSession())
      throw error
    }
  }
}
