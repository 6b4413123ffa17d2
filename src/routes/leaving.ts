import { toFault } from '../errors.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Route } from './reply.ts'

export interface LeavingParts {
  readonly cookies: SessionCookies
  readonly sessions: Sessions
}

/**
 * Whoever wants to leave loses the cookie in any case, also where the store cannot be asked: it opens nothing any more
 * in this browser. So there is no second try: the session ends once the store can be asked.
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
