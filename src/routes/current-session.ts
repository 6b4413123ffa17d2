import type { Traced } from '../exchange.ts'
import { readCookie } from '../http/cookie.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Session, Sessions } from '../session/sessions.ts'

/** The running session of the browser that asks. */
export async function currentSession(
  { fields }: Traced,
  sessions: Sessions,
  cookies: SessionCookies,
): Promise<Session | undefined> {
  const id = fields.kept.cookie === undefined ? undefined : readCookie(fields.kept.cookie, cookies.sessionName)
  return id === undefined ? undefined : sessions.find(id)
}
