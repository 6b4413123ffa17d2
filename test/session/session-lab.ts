/** Two `Sessions` on one database, as two workers have them, and a clock that the test moves. */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { SessionDatabase } from '../../devkit/torhaus/session-database.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import type { Clock } from '../../src/clock.ts'
import { Sealer } from '../../src/session/sealer.ts'
import type { SessionTokens } from '../../src/session/session-binding.ts'
import type { SessionStore } from '../../src/session/session-store.ts'
import { Sessions, type SessionTimes } from '../../src/session/sessions.ts'
import { Changes } from '../../src/store/changes.ts'

export type TestClock = { readonly now: Clock; advance(ms: number): void }

export type SessionLab = {
  readonly sessions: Sessions
  readonly otherSessions: Sessions
  /** Not connected: what one worker does, the other learns from the store. */
  readonly changes: Changes
  readonly otherChanges: Changes
  readonly store: SessionStore
  readonly otherStore: SessionStore
  readonly clock: TestClock
  readonly tokens: SessionTokens
  /** Reads of sessions, and writes of "last seen", by `sessions` so far. */
  reads(): number
  touches(): number
  close(): Promise<void>
}

export const PERSON = {
  subject: 'subject-of-ada',
  opSessionId: undefined,
  account: 'ada',
  accountKey: storedAccountKey('ada'),
  evidence: { acr: 'mfa', acrs: [], amr: ['pwd', 'otp'], authTime: 1_800_000_000 },
}

export function testClock(startMs = 1_800_000_000_000): TestClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms
    },
  }
}

/** The clock of a system that somebody sets, and one that goes on all the same. */
export function settableClock() {
  const state = { nowMs: 1_800_000_000_000, elapsedMs: 0 }
  return {
    surroundings: { now: () => state.nowMs, monotonic: () => state.elapsedMs },
    pass(ms: number) {
      state.nowMs += ms
      state.elapsedMs += ms
    },
    set(aheadMs: number) {
      state.nowMs += aheadMs
    },
  }
}

export async function openSessionLab(times: SessionTimes, clock: TestClock = testClock()): Promise<SessionLab> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-sessions-'))
  const file = join(directory, 'sessions.sqlite')
  const [store, otherStore] = [SessionDatabase.open(file), SessionDatabase.open(file)]
  let [reads, touches] = [0, 0]
  const counted = new Proxy(store, {
    get(target, name) {
      if (name === 'readSession') reads++
      if (name === 'touchSession') touches++
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  const [changes, otherChanges] = [new Changes(), new Changes()]
  const sealer = new Sealer([randomBytes(32)])
  return {
    sessions: new Sessions(counted, sealer, times, changes, bothClocks(clock.now)),
    otherSessions: new Sessions(otherStore, sealer, times, otherChanges, bothClocks(clock.now)),
    ...{ changes, otherChanges },
    ...{ store, otherStore },
    clock,
    tokens: { refreshToken: 'refresh', idToken: undefined },
    reads: () => reads,
    touches: () => touches,
    async close() {
      store.close()
      otherStore.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
