/** What a signed-in person can revoke: single grants and sessions, or everything. Forms of the account page. */

import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import type { Grants } from '../grants/grants.ts'
import type { Audit } from '../observability/audit.ts'
import type { GrantEvent } from '../observability/events.ts'
import { type Farewell, SIGNED_OUT } from './farewell.ts'
import { leaving } from './leaving.ts'
import { ACCOUNT_PAGE, acting, lastSegment, type OwnPageParts } from './own-page.ts'
import { forgetPages, type Route, seeOther } from './reply.ts'

export interface AccountActionParts extends OwnPageParts {
  readonly grants: Grants
  readonly accountKey: AccountKeyOf
  /** The account's key, and those of earlier versions or settings. */
  readonly accountKeys: (account: string) => readonly AccountKey[]
  readonly audit: Audit
  readonly count: (event: GrantEvent) => void
  /** Forgets what is cached about the account, such as its tickets. */
  readonly forget: (account: string) => void
  readonly farewell: Farewell
}

/** POST /.torhaus/grants/ID */
export function revokeGrant(parts: AccountActionParts): Route {
  const { grants, accountKey, audit, count } = parts
  return acting(parts, 'takes', async (exchange, { account }) => {
    if (await grants.revoke(accountKey(account), lastSegment(exchange))) {
      count('revoked')
      audit.write('grant-revoked', exchange, { account })
    }
    return seeOther(ACCOUNT_PAGE)
  })
}

/** POST /.torhaus/sessions/KEY */
export function endSession(parts: AccountActionParts): Route {
  const { sessions, accountKeys, audit } = parts
  return acting(parts, 'takes', async (exchange, { account }) => {
    if (await sessions.endOf(accountKeys(account), lastSegment(exchange)))
      audit.write('session-revoked', exchange, { account })
    return seeOther(ACCOUNT_PAGE)
  })
}

/** POST /.torhaus/sign-out-everywhere */
export function signOutEverywhere(parts: AccountActionParts): Route {
  const { sessions, grants, cookies, accountKeys, audit, forget, farewell } = parts
  const everywhere = acting(parts, 'takes', async (exchange, { account }) => {
    const spellings = new Set([account])
    for (const accountKey of accountKeys(account)) {
      for (const ended of await sessions.endAll({ accountKey })) spellings.add(ended.account)
      await grants.revokeAll(accountKey)
    }
    for (const spelling of spellings) forget(spelling)
    audit.write('sign-out-everywhere', exchange, { account })
    return forgetPages(seeOther(await farewell(SIGNED_OUT), cookies.deleteSession()))
  })
  return leaving({ cookies, sessions }, everywhere)
}
