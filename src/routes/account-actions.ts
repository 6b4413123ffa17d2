/** What the signed-in person can take back: single grants and sessions, or everything. Forms of the account page. */

import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import type { Grants } from '../grants/grants.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Audit } from '../observability/audit.ts'
import type { GrantEvent } from '../observability/events.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import { currentSession } from './current-session.ts'
import { type Route, seeOther } from './reply.ts'
import { isSameOrigin } from './same-origin.ts'

export interface OwnAccessParts {
  readonly sessions: Sessions
  readonly grants: Grants
  readonly cookies: SessionCookies
  readonly accountKey: AccountKeyOf
  /** Its key, and those of before. */
  readonly accountKeys: (account: string) => readonly AccountKey[]
  readonly publicOrigin: string
  readonly audit: Audit
  readonly count: (event: GrantEvent) => void
  /** What is kept of the account elsewhere, such as its tickets. */
  readonly forget: (account: string) => void
}

const ACCOUNT_PAGE = `${OWN_PREFIX}/`

/** POST /.torhaus/grants/ID */
export function revokeGrant(parts: OwnAccessParts): Route {
  const { grants, accountKey, audit, count } = parts
  return async exchange => {
    const account = await accountOf(parts, exchange)
    if (await grants.revoke(accountKey(account), lastSegment(exchange))) {
      count('revoked')
      audit.write('grant-revoked', exchange, { account })
    }
    return seeOther(ACCOUNT_PAGE)
  }
}

/** POST /.torhaus/sessions/KEY */
export function endSession(parts: OwnAccessParts): Route {
  const { sessions, accountKeys, audit } = parts
  return async exchange => {
    const account = await accountOf(parts, exchange)
    if (await sessions.endOf(accountKeys(account), lastSegment(exchange)))
      audit.write('session-revoked', exchange, { account })
    return seeOther(ACCOUNT_PAGE)
  }
}

/** POST /.torhaus/sign-out-everywhere */
export function signOutEverywhere(parts: OwnAccessParts): Route {
  const { sessions, grants, cookies, accountKeys, audit, forget } = parts
  return async exchange => {
    const account = await accountOf(parts, exchange)
    const spellings = new Set([account])
    for (const accountKey of accountKeys(account)) {
      for (const ended of await sessions.endAll({ accountKey })) spellings.add(ended.account)
      await grants.revokeAll(accountKey)
    }
    for (const spelling of spellings) forget(spelling)
    audit.write('sign-out-everywhere', exchange, { account })
    return seeOther(`${OWN_PREFIX}/signed-out`, [cookies.deleteSession()])
  }
}

/** Who asks for a change, by a form of ours. Throws `sign-in-not-same-origin` and `session-ended`. */
export async function accountOf(
  { sessions, cookies, publicOrigin }: Pick<OwnAccessParts, 'sessions' | 'cookies' | 'publicOrigin'>,
  exchange: Traced,
): Promise<string> {
  if (!isSameOrigin(exchange, publicOrigin)) throw new Fault('sign-in-not-same-origin')
  const session = await currentSession(exchange, sessions, cookies)
  if (session === undefined) throw new Fault('session-ended')
  return session.record.account
}

export const lastSegment = ({ target }: Traced) => target.path.slice(target.path.lastIndexOf('/') + 1)
