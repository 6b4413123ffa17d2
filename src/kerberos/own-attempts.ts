import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { AttemptBudget, AttemptEnd, AttemptStore } from '../limits/attempt-store.ts'
import { KdcRefusal } from './kdc/kdc-refusal.ts'
import { KerberosError } from './kerberos-error.ts'
import { KDC_ERROR } from './protocol/kdc-error.ts'

export interface OwnAttemptsOptions {
  /** The account that signs in, `svc-proxy@CORP.TEST`. */
  readonly principal: string
  /** As for passwords of people: below the lock-out threshold of the directory. */
  readonly maxFailures: number
  readonly windowMs: number
  readonly now: Clock
}

export interface OwnAttempts {
  /**
   * Signs in, where that is not one wrong key too many. `keytab`: its state, for another one is worth another try. Throws
   * `service-credential-refused`, and what `signIn` does.
   */
  run<T>(keytab: string, signIn: () => Promise<T>): Promise<T>
}

/** Doubled with each further one: a KDC that has not heard of the newest key yet has some minutes for it. */
const AFTER_FAILURE_MS = 60_000
/** One worker signs in at a time, so that not all places are gone at once; the others come a moment later. */
const WHILE_PENDING_MS = 20
const MOST_WAITS = 250
/** As long as a sign-in takes at most: a worker that died meanwhile holds up the others no longer. */
const PENDING_MS = 10_000

/**
 * Limits sign-ins of our own account, across workers and reloads: the directory counts each one with an outdated key,
 * and would lock the account. If the store cannot be asked, signing in is allowed.
 */
export function createOwnAttempts(store: AttemptStore, options: OwnAttemptsOptions): OwnAttempts {
  const { principal, maxFailures, windowMs, now } = options
  const budget: AttemptBudget = {
    ...{ maxFailures, windowMs, countsUntilQuiet: true, backoffMs: AFTER_FAILURE_MS },
    ...{ maxPending: 1, pendingWaitMs: WHILE_PENDING_MS, pendingMs: PENDING_MS },
  }
  const reserve = async (who: string, id: string): Promise<number> => {
    try {
      return await store.reserve(who, id, budget, now())
    } catch {
      return 0
    }
  }
  const settle = async (who: string, id: string, end: AttemptEnd): Promise<void> => {
    try {
      await store.settle(who, id, end, budget, now())
    } catch {
      // The place is free after a while.
    }
  }
  const place = async (who: string, id: string): Promise<void> => {
    for (let waits = 0; waits < MOST_WAITS; waits++) {
      const waitMs = await reserve(who, id)
      if (waitMs === 0) return
      if (waitMs > WHILE_PENDING_MS) throw tooMany(waitMs)
      await sleep(waitMs)
    }
    throw new KerberosError('kdc-unreachable', 'service-credential', { text: 'other workers wait for it' })
  }
  return {
    async run(keytab, signIn) {
      const [who, id] = [`service ${principal} ${keytab}`, randomUUID()]
      await place(who, id)
      try {
        const signedIn = await signIn()
        await settle(who, id, 'cleared')
        return signedIn
      } catch (error) {
        await settle(who, id, isWrongKey(error) ? 'failed' : 'released')
        throw error
      }
    },
  }
}

function tooMany(waitMs: number): KerberosError {
  const next = `not tried for ${Math.ceil(waitMs / 1000)} s, or until the keytab is written again, so that the account is not locked`
  return new KerberosError('service-credential-refused', 'service-credential', {
    text: `the KDC has refused the key of the keytab: ${next}`,
  })
}

const isWrongKey = (error: unknown): boolean =>
  error instanceof KerberosError &&
  error.cause instanceof KdcRefusal &&
  error.cause.errorCode === KDC_ERROR.preauthenticationFailed
