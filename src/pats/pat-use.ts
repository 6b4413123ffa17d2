/** A use of a personal access token, and what is new about it. */
import type { AccountKey } from '../account-key.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { PatRecord } from './pat-store.ts'

/** One use that the server accepted. */
export interface PatUse {
  readonly network: string
  readonly clientClass: ClientClass
  readonly accountKey: AccountKey | undefined
}

/** What a use told that was not known before. */
export const patNews = ['first_seen', 'new_network'] as const
export type PatNews = (typeof patNews)[number]

/** Uses from one network that follow one another within this time, and tell nothing else, are recorded as one. */
const RECORDED_EVERY_MS = 3_600_000

/** Beside its time. */
export function tellsMore(seen: PatRecord, { network, clientClass, accountKey }: PatUse, now: number): boolean {
  return (
    !seen.networks.some(at => at.network === network && now - at.lastSeenAtMs < RECORDED_EVERY_MS) ||
    !seen.clientClasses.includes(clientClass) ||
    (accountKey !== undefined && accountKey !== seen.accountKey)
  )
}
