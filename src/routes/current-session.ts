import type { Traced } from '../exchange.ts'
import type { SessionRefresh } from '../oidc/session-refresh.ts'
import type { Session } from '../session/session-cache.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Sessions } from '../session/sessions.ts'

export interface CurrentSessionParts {
  readonly sessions: Sessions
  readonly refresh: Pick<SessionRefresh, 'mayGoOn'>
  readonly cookies: SessionCookies
}

/** The running session of the browser, unless the OP has ended it, which is asked as often as for other requests. */
export async function currentSession(
  { fields }: Traced,
  { sessions, refresh, cookies }: CurrentSessionParts,
): Promise<Session | undefined> {
  const id = cookies.sessionIn(fields.kept.cookie)
  const session = id === undefined ? undefined : await sessions.find(id)
  return id !== undefined && session !== undefined && (await refresh.mayGoOn(id, session)) ? session : undefined
}
