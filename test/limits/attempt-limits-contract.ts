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
    const clock = { nowMs: 1_000_000 }
    const [limits, others] = opened.stores.map(store =>
      createAttemptLimits(store, { now: () => clock.nowMs, ...options }),
    )
    assert.ok(limits !== undefined && others !== undefined)
    return { limits, others, clock }
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
      assert.equal(await retryAfterMs(limits, 'alice'), 1_800_000 - 3_000)
      clock.nowMs += 1_800_000 - 3_000
      await (await begin(limits, 'alice')).undecided()
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

    it('give the place of the account back where the address has none', async () => {
      const { limits } = await limitsAt({ maxAddressFailures: 1 })
      await (await begin(limits, 'mallory')).refused()
      for (let round = 0; round < 5; round++) assert.equal(await retryAfterMs(limits, 'alice'), 1_800_000)
      await begin(limits, 'alice', '192.0.2.2')
    })
  })
}
