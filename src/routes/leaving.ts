import { toFault } from '../errors.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Route } from './reply.ts'

export interface LeavingParts {
  readonly cookies: SessionCookies
  readonly sessions: Sessions
}

/**
 * Deletes the session cookie even if the store is unavailable, so that it opens nothing more in this browser. The
 * person cannot retry without the cookie, so the session ends once the store is back.
 */
export function leaving({ cookies, sessions }: LeavingParts, route: Route): Route {
  return async exchange => {
    try {
      return await route(exchange)
    } catch (error) {
      if (toFault(error).code === 'store-unavailable') {
        const id = cookies.sessionIn(exchange.fields.kept.cookie)
        if (id !== undefined) sessions.endUnseen(id)
        exchange.response.setHeader('Set-Cookie', cookies.deleteSession())
      }
      throw error
    }
  }
}
