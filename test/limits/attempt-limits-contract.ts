/** What the limits must do on every store of attempts: each runs these tests. */

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Attempt,
  type AttemptLimits,
  type AttemptLimitsOptions,
  createAttemptLimits,
} from '../../src/limits/attempt-limits.ts'
import type { AttemptStore } from '../../src/limits/attempt-store.ts'

export interface OpenAttemptStores {
  /** Two on the same data, as two processes have them. */
  readonly stores: readonly [AttemptStore, AttemptStore]
  /** Forgets all attempts. */
  clear(): Promise<void>
  close(): Promise<void>
}

async function begin(limits: AttemptLimits, account: string, address = '192.0.2.1'): Promise<Attempt> {
  const attempt = await limits.begin(account, address)
  assert(!('retryAfterMs' in attempt), 'the attempt was refused')
  return attempt
}

async function retryAfterMs(limits: AttemptLimits, account: string, address = '192.0.2.1'): Promise<number> {
  const refused = await limits.begin(account, address)
  assert('retryAfterMs' in refused, 'the attempt was let through')
  return refused.retryAfterMs
}

export function testAttemptLimits(open: () => Promise<OpenAttemptStores>): void {
  let opened: OpenAttemptStores
  before(async () => {
    opened = await open()
  })
  after(() => opened.close())

  async function limitsAt(options: Omit<AttemptLimitsOptions, 'now'> = {}) {
    await opened.clear()
    const clock = { nowMs: 10_000_000 }
    const [limits, others] = opened.stores.map(store =>
      createAttemptLimits(store, { now: () => clock.nowMs, ...options }),
    )
    assert.ok(limits !== undefined && others !== undefined)
    return { limits, others, clock }
  }

  /** What a directory counts, where somebody guesses that often; `isProven`: beside the owner, each third time. */
  async function mostInDirectory(everyMs: number, isProven: boolean): Promise<number> {
    const { limits, others, clock } = await limitsAt()
    const home = '192.0.2.7'
    if (isProven) await (await begin(limits, 'alice', home)).succeeded()
    let [count, most, lastMs] = [0, 0, Number.NEGATIVE_INFINITY]
    for (let guess = 0; guess < 2_000; guess++) {
      clock.nowMs += everyMs
      const isOwners = isProven && guess % 3 === 0
      const attempt = await (isOwners ? others : limits).begin('alice', isOwners ? home : `198.51.100.${guess % 200}`)
      if ('retryAfterMs' in attempt) continue
      await attempt.failed()
      count = clock.nowMs - lastMs < 1_800_000 ? count + 1 : 1
      lastMs = clock.nowMs
      most = Math.max(most, count)
    }
    return most
  }

  describe('failures of an account', () => {
    it('make it wait, twice as long each time, then until the window has passed', async () => {
      const { limits, clock } = await limitsAt()
      await (await begin(limits, 'alice')).failed()
      assert.equal(await retryAfterMs(limits, 'alice'), 1_000)
      clock.nowMs += 1_000
      await (await begin(limits, 'alice')).failed()
      assert.equal(await retryAfterMs(limits, 'alice'), 2_000)
      clock.nowMs += 2_000
      await (await begin(limits, 'alice')).failed()
      assert.equal(await retryAfterMs(limits, 'alice'), 1_800_000)
      clock.nowMs += 1_800_000
      await (await begin(limits, 'alice')).undecided()
    })

    it('are two at once where two controllers were shown the password', async () => {
      const { limits, clock } = await limitsAt()
      await (await begin(limits, 'alice')).failed(2)
      assert.equal(await retryAfterMs(limits, 'alice'), 2_000)
      clock.nowMs += 2_000
      await (await begin(limits, 'alice')).failed()
      assert.equal(await retryAfterMs(limits, 'alice'), 1_800_000)
      clock.nowMs += 1_800_000
      await (await begin(limits, 'alice')).failed(2)
      clock.nowMs += 2_000
      await (await begin(limits, 'alice')).succeeded()
      await (await begin(limits, 'alice')).undecided()
    })

    it('never lock it in a directory, which forgets them when there was none for the window', async () => {
      for (const [everyMs, isProven] of [
        [1_000, false],
        [700_000, false],
        [700_000, true],
        [1_799_000, true],
      ] as const)
        assert.equal(await mostInDirectory(everyMs, isProven), isProven ? 4 : 3, `one each ${everyMs} ms`)
    })

    it('count on while an attempt is pending that may fail before the directory forgets them', async () => {
      const { limits, clock } = await limitsAt()
      await (await begin(limits, 'alice')).failed()
      clock.nowMs += 1_000
      await (await begin(limits, 'alice')).failed()
      clock.nowMs += 1_799_999
      const pending = await begin(limits, 'alice')
      clock.nowMs += 1
      assert.equal(await retryAfterMs(limits, 'alice'), 1_000)
      await pending.failed()
      assert.equal(await retryAfterMs(limits, 'alice'), 1_800_000)
    })

    it('never exceed the budget within any window, whatever the order of attempts', async () => {
      const { limits, clock } = await limitsAt()
      const failuresAtMs: number[] = []
      for (let second = 0; second < 3 * 1_800; second++) {
        clock.nowMs += 1_000
        const attempt = await limits.begin('alice', `192.0.2.${second % 200}`)
        if ('retryAfterMs' in attempt) continue
        await attempt.failed()
        failuresAtMs.push(clock.nowMs)
      }
      assert(failuresAtMs.length >= 6)
      for (const fromMs of failuresAtMs) {
        const within = failuresAtMs.filter(atMs => atMs >= fromMs && atMs < fromMs + 1_800_000)
        assert(within.length <= 3, `${within.length} failures in one window`)
      }
    })

    it('of before the clock was set back by an hour count as of now, pending ones too; of a minute, as they were', async () => {
      const { limits, others, clock } = await limitsAt({ maxAddressFailures: 1 })
      await (await begin(limits, 'alice')).failed()
      for (const host of [4, 5, 6]) await begin(limits, 'bob', `192.0.2.${host}`)
      clock.nowMs -= 60_000
      assert.equal(await retryAfterMs(others, 'alice', '192.0.2.3'), 61_000)
      clock.nowMs -= 3_540_000
      assert.equal(await retryAfterMs(others, 'alice', '192.0.2.3'), 1_000)
      assert.equal(await retryAfterMs(others, 'carol'), 1_800_000)
      assert.equal(await retryAfterMs(others, 'bob', '192.0.2.3'), 1_000)
      clock.nowMs += 120_000
      for (const account of ['alice', 'bob']) await (await begin(limits, account, '192.0.2.3')).undecided()
      clock.nowMs += 1_680_000
      await (await begin(limits, 'carol')).undecided()
    })

    it('are counted while they are still pending', async () => {
      const { limits } = await limitsAt()
      const pending = [await begin(limits, 'alice'), await begin(limits, 'alice'), await begin(limits, 'alice')]
      assert.equal(await retryAfterMs(limits, 'alice'), 1_000)
      await pending[0]?.undecided()
      await begin(limits, 'alice')
    })

    it('are forgotten after a right password, and leave other accounts alone', async () => {
      const { limits, clock } = await limitsAt()
      await (await begin(limits, 'alice')).failed()
      await (await begin(limits, 'bob')).undecided()
      clock.nowMs += 1_000
      await (await begin(limits, 'alice')).succeeded()
      await (await begin(limits, 'alice')).undecided()
    })
  })

  describe('failures of an address', () => {
    it('stop it across accounts, known or not, and are not bought back with one right password', async () => {
      const { limits } = await limitsAt({ maxAddressFailures: 4 })
      await (await begin(limits, 'u1')).failed()
      await (await begin(limits, 'u2')).refused()
      await (await begin(limits, 'u3')).refused()
      await (await begin(limits, 'mallory')).succeeded()
      await (await begin(limits, 'u4')).failed()
      assert.equal(await retryAfterMs(limits, 'u5'), 1_800_000)
      await (await begin(limits, 'u5', '192.0.2.2')).undecided()
    })
  })

  describe('IPv6 addresses', () => {
    it('of one /64 are one client, however many accounts they try; other networks and IPv4 neighbours are not', async () => {
      const { limits } = await limitsAt()
      let tried = 0
      for (let host = 1; host <= 200; host++) {
        const attempt = await limits.begin(`user${host}`, `2001:db8:0:1::${host.toString(16)}`)
        if ('retryAfterMs' in attempt) continue
        await (host % 2 === 0 ? attempt.failed() : attempt.refused())
        tried++
      }
      assert.equal(tried, 20)
      assert.equal(await retryAfterMs(limits, 'other', '2001:db8:0:1:ffff:ffff:ffff:ffff'), 1_800_000)
      await (await begin(limits, 'other', '2001:db8:0:2::1')).undecided()
      await (await begin(limits, 'other', '192.0.2.1')).undecided()
    })

    it('share as many bits as configured', async () => {
      const { limits } = await limitsAt({ maxAddressFailures: 1, ipv6PrefixBits: 48 })
      await (await begin(limits, 'u1', '2001:db8:0:1::1')).failed()
      await retryAfterMs(limits, 'u2', '2001:db8:0:2::1')
      await (await begin(limits, 'u2', '2001:db8:1::1')).undecided()
    })
  })

  describe('a network that has proven the password', () => {
    const home = '192.0.2.7'
    const stranger = (index: number) => `198.51.100.${index}`

    async function fill(limits: AttemptLimits, clock: { nowMs: number }): Promise<number> {
      let failures = 0
      for (let guess = 0; guess < 50; guess++) {
        const attempt = await limits.begin('bob', stranger(guess))
        clock.nowMs += 5_000
        if ('retryAfterMs' in attempt) continue
        await attempt.failed()
        failures++
      }
      return failures
    }

    it('is not kept out by strangers, in any process, and strangers stay limited', async () => {
      const { limits, others, clock } = await limitsAt()
      await (await begin(limits, 'bob', home)).succeeded()
      assert.equal(await fill(limits, clock), 3)
      for (let round = 0; round < 3; round++) {
        await (await begin(others, 'bob', home)).succeeded()
        assert.ok((await retryAfterMs(limits, 'bob', stranger(99))) > 1_000_000)
      }
      await (await begin(limits, 'alice', stranger(1))).undecided()
    })

    it('adds at most what is reserved, all such networks together, until the password is right again', async () => {
      const { limits, others, clock } = await limitsAt()
      for (const address of [home, '192.0.2.8', '2001:db8::1']) await (await begin(limits, 'bob', address)).succeeded()
      let failures = await fill(limits, clock)
      for (const address of [home, '192.0.2.8', '2001:db8::2', home]) {
        const attempt = await others.begin('bob', address)
        if ('retryAfterMs' in attempt) continue
        await attempt.failed()
        failures++
      }
      assert.equal(failures, 4)
      clock.nowMs += 1_800_000
      await (await begin(limits, 'bob', stranger(1))).undecided()
    })

    it('has its place back no sooner than a directory forgets: with the last failure of anybody, also from before', async () => {
      const { limits, clock } = await limitsAt({ maxAccountFailures: 2, windowMs: 100_000 })
      await (await begin(limits, 'bob', home)).succeeded()
      const slow = await begin(limits, 'bob', stranger(1))
      await (await begin(limits, 'bob', stranger(2))).failed()
      await (await begin(limits, 'bob', home)).failed()
      clock.nowMs += 90_000
      await slow.failed()
      clock.nowMs += 11_000
      assert.equal(await retryAfterMs(limits, 'bob', home), 89_000)
    })

    it('waits after mistakes of its own, twice as long each time', async () => {
      const { limits, others, clock } = await limitsAt({ reservedAccountFailures: 2 })
      await (await begin(limits, 'bob', home)).succeeded()
      await (await begin(limits, 'bob', home)).failed()
      assert.equal(await retryAfterMs(others, 'bob', home), 1_000)
      clock.nowMs += 1_000
      await (await begin(limits, 'bob', home)).failed()
      assert.equal(await retryAfterMs(others, 'bob', home), 2_000)
      clock.nowMs += 2_000
      await (await begin(limits, 'bob', home)).succeeded()
      await (await begin(limits, 'bob', home)).undecided()
    })

    it('is not kept out by what others do from its address', async () => {
      const { limits } = await limitsAt({ maxAddressFailures: 2 })
      await (await begin(limits, 'bob', home)).succeeded()
      for (const user of ['u1', 'u2']) await (await begin(limits, user, home)).refused()
      assert.equal(await retryAfterMs(limits, 'carol', home), 1_800_000)
      await (await begin(limits, 'bob', home)).succeeded()
    })

    it("is that account's alone, and only for a time", async () => {
      const { limits, clock } = await limitsAt({ provenMs: 60_000, maxAccountFailures: 1 })
      await (await begin(limits, 'bob', home)).succeeded()
      await (await begin(limits, 'carol', stranger(1))).failed()
      await retryAfterMs(limits, 'carol', home)
      await (await begin(limits, 'bob', stranger(2))).failed()
      await (await begin(limits, 'bob', home)).undecided()
      clock.nowMs += 60_000
      await retryAfterMs(limits, 'bob', home)
    })

    it('is spared by nobody where nothing is reserved', async () => {
      const { limits } = await limitsAt({ reservedAccountFailures: 0, maxAccountFailures: 1 })
      await (await begin(limits, 'bob', home)).succeeded()
      await (await begin(limits, 'bob', stranger(1))).failed()
      await retryAfterMs(limits, 'bob', home)
    })

    it('is one of sixteen at most, the newest', async () => {
      const { limits, clock } = await limitsAt({ maxAccountFailures: 1 })
      for (let host = 1; host <= 20; host++) {
        await (await begin(limits, 'bob', `192.0.2.${host}`)).succeeded()
        clock.nowMs += 1
      }
      await (await begin(limits, 'bob', stranger(1))).failed()
      await retryAfterMs(limits, 'bob', '192.0.2.4')
      await (await begin(limits, 'bob', '192.0.2.5')).undecided()
      await (await begin(limits, 'bob', '192.0.2.20')).undecided()
    })

    it('counts as the newest also where the clock was set back', async () => {
      const { limits, clock } = await limitsAt({ maxAccountFailures: 1 })
      for (let host = 1; host <= 16; host++) {
        await (await begin(limits, 'bob', `192.0.2.${host}`)).succeeded()
        clock.nowMs += 1
      }
      clock.nowMs -= 1000
      await (await begin(limits, 'bob', '192.0.2.17')).succeeded()
      await (await begin(limits, 'bob', stranger(1))).failed()
      await retryAfterMs(limits, 'bob', '192.0.2.1')
      await (await begin(limits, 'bob', '192.0.2.17')).undecided()
    })
  })

  describe('an attempt', () => {
    it('is settled once', async () => {
      const { limits } = await limitsAt()
      const attempt = await begin(limits, 'alice')
      await attempt.undecided()
      await attempt.failed()
      await (await begin(limits, 'alice')).undecided()
    })
  })

  describe('two processes', () => {
    it('count together, failures as well as what is pending, and one that died takes its places with it after a while', async () => {
      const { limits, others, clock } = await limitsAt()
      await begin(limits, 'alice')
      await begin(others, 'alice')
      const third = await begin(limits, 'alice')
      assert.equal(await retryAfterMs(others, 'alice'), 1_000)
      await third.failed()
      clock.nowMs += 1_000
      assert.equal(await retryAfterMs(others, 'alice'), 1_000)
      clock.nowMs += 120_000
      await (await begin(others, 'alice')).succeeded()
      await begin(limits, 'alice')
    })

    it('never let more through at once than the budget has places', async () => {
      const { limits, others } = await limitsAt()
      const asked = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? limits : others).begin('alice', '192.0.2.1')),
      )
      assert.equal(asked.filter(answer => !('retryAfterMs' in answer)).length, 3)
    })

    it('have no more attempts under way than there may be, whatever places are left', async () => {
      await opened.clear()
      const [one, other] = opened.stores
      const budget = {
        maxFailures: 3,
        windowMs: 60_000,
        backoffMs: 0,
        pendingWaitMs: 7,
        pendingMs: 1_000,
        maxPending: 1,
      }
      const at = 10_000_000
      assert.equal(await one.reserve('us', 'first', budget, at), 0)
      assert.equal(await other.reserve('us', 'second', budget, at), 7)
      await one.settle('us', 'first', 'failed', budget, at)
      assert.equal(await other.reserve('us', 'second', budget, at + 1), 0)
      await other.settle('us', 'second', 'released', budget, at + 1)
    })

    it('give the place of the account back where the address has none', async () => {
      const { limits } = await limitsAt({ maxAddressFailures: 1 })
      await (await begin(limits, 'mallory')).refused()
      for (let round = 0; round < 5; round++) assert.equal(await retryAfterMs(limits, 'alice'), 1_800_000)
      await begin(limits, 'alice', '192.0.2.2')
    })
  })
}
