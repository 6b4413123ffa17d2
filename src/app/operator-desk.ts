/**
 * What the operator's page asks of a worker, because the supervisor has no services. Questions and answers travel
 * between processes as JSON.
 */
import type { RecentExchange, RecentExchanges } from '../observability/recent-exchanges.ts'
import { type Ended, endPerson } from './end-person.ts'
import type { Services } from './open-services.ts'
import { keysOf } from './person.ts'
import { type SignedIn, signedIn, signedInAs } from './signed-in.ts'

/** The operator, for the audit log. */
interface Asking {
  readonly clientAddress: string
}

/** All reject if the store is unavailable, and between processes also if no worker answers. */
export interface OperatorDesk {
  /** `account`: in any spelling; undefined: the accounts seen last. Null: the store cannot list them. */
  signedIn(asked: { readonly account: string | undefined }): Promise<SignedIn | null>
  /** Ends all sessions and confirmations. */
  endPerson(asked: Asking & { readonly account: string }): Promise<Ended>
  /** One session, by its key. */
  endSession(asked: Asking & { readonly account: string; readonly key: string }): Promise<Ended>
  /** One confirmation. */
  endGrant(asked: Asking & { readonly account: string; readonly key: string }): Promise<Ended>
  /** Exchanges that were refused or failed, newest first. */
  refused(asked: { readonly most: number }): Promise<readonly RecentExchange[]>
  /** Null: not among the exchanges kept. */
  request(asked: { readonly id: string }): Promise<RecentExchange | null>
}

export type Question = keyof OperatorDesk
export type Asked<What extends Question> = Parameters<OperatorDesk[What]>[0]
export type Said<What extends Question> = Awaited<ReturnType<OperatorDesk[What]>>

type DeskServices = Parameters<typeof endPerson>[0] & Parameters<typeof signedIn>[0] & Pick<Services, 'metrics'>

/** Most sessions and confirmations considered if no account is named. */
const MOST_LISTED = 50

export function operatorDesk(services: DeskServices, recent: RecentExchanges): OperatorDesk {
  const { sessions, grants, audit, metrics } = services
  return {
    signedIn: async ({ account }) =>
      account === undefined ? ((await signedIn(services, MOST_LISTED)) ?? null) : signedInAs(services, account),
    endPerson: async ({ account, clientAddress }) => endPerson(services, { account }, clientAddress),
    async endSession({ account, key, clientAddress }) {
      const nothingEnded = !(await sessions.endOf(keysOf(services, account), key))
      if (!nothingEnded) audit.write('session-revoked', { clientAddress }, { account })
      return { report: [`account ${account}`, `sessions ended: ${Number(!nothingEnded)}`], nothingEnded }
    },
    async endGrant({ account, key, clientAddress }) {
      let count = 0
      for (const accountKey of keysOf(services, account)) count += Number(await grants.revoke(accountKey, key))
      for (let revoked = 0; revoked < count; revoked++) {
        metrics.grant('revoked')
        audit.write('grant-revoked', { clientAddress }, { account })
      }
      return { report: [`account ${account}`, `confirmations ended: ${count}`], nothingEnded: count === 0 }
    },
    refused: async ({ most }) => recent.refused(most),
    request: async ({ id }) => recent.find(id) ?? null,
  }
}
