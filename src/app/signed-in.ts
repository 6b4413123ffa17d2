/** Lists sessions and confirmations for operators. */
import type { AccountKey } from '../account-key.ts'
import type { SignedInFrom } from '../session/session-store.ts'
import type { Services } from './open-services.ts'
import { keysOf, meant, namesOf } from './person.ts'

export interface SignedIn {
  /** All names that were looked for; empty: everybody. */
  readonly lookedFor: readonly string[]
  /** Latest use first. */
  readonly sessions: readonly SeenSession[]
  /** Latest confirmation first. */
  readonly grants: readonly SeenGrant[]
}

export interface SeenSession {
  /** Its key in the store, which is useless to a browser. */
  readonly key: string
  readonly account: string
  readonly sinceMs: number
  readonly lastSeenMs: number
  /** Client address and device at sign-in. */
  readonly from?: SignedInFrom
}

/** A program that passes because a person has confirmed it. */
export interface SeenGrant {
  readonly id: string
  readonly account: AccountKey
  readonly clientClass: string
  /** Address prefix. */
  readonly network: string
  /** As of the confirmation. */
  readonly clientAddress: string
  readonly userAgent: string
  readonly sinceMs: number
  readonly untilMs: number
}

type SignedInNeeds = Pick<Services, 'accountNames' | 'grants' | 'sessions' | 'stores'>

/** Sessions and confirmations of one person, named in any spelling. Rejects with `store-unavailable`. */
export async function signedInAs(services: SignedInNeeds, name: string): Promise<SignedIn> {
  const account = await meant(services, name)
  const found = await kept(services, keysOf(services, account))
  return { lookedFor: namesOf(services, { account }), ...found }
}

/**
 * Sessions and confirmations of everybody who has one of the `most` sessions seen last or of the `most` newest
 * confirmations. Undefined if the store cannot list them. Rejects with `store-unavailable`.
 */
export async function signedIn(services: SignedInNeeds, most: number): Promise<SignedIn | undefined> {
  const { sessions, grants } = services.stores
  const [withSession, withGrant] = [await sessions.accountsSeenLast?.(most), await grants.accountsGrantedLast?.(most)]
  if (withSession === undefined || withGrant === undefined) return undefined
  return { lookedFor: [], ...(await kept(services, [...new Set([...withSession, ...withGrant])])) }
}

async function kept({ sessions, grants }: SignedInNeeds, keys: readonly AccountKey[]) {
  const running = await sessions.of(keys)
  const confirmed = (await Promise.all(keys.map(key => grants.of(key)))).flat()
  return {
    sessions: running
      .map(({ key, account, createdAtMs, lastSeenAtMs, from }): SeenSession => {
        const seen = { key, account, sinceMs: createdAtMs, lastSeenMs: lastSeenAtMs }
        return from === undefined ? seen : { ...seen, from }
      })
      .sort((one, other) => other.lastSeenMs - one.lastSeenMs),
    grants: confirmed
      .map(({ id, accountKey, clientClass, network, clientAddress, userAgent, confirmations }): SeenGrant => {
        const times = { sinceMs: confirmations[0]?.grantedAtMs ?? 0, untilMs: confirmations[0]?.expiresAtMs ?? 0 }
        return { id, account: accountKey, clientClass, network, clientAddress, userAgent, ...times }
      })
      .sort((one, other) => other.sinceMs - one.sinceMs),
  }
}
