import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Attempt,
  type AttemptLimits,
  type AttemptLimitsOptions,
  createAttemptLimits,
} from '../../../src/kerberos/attempt-limits.ts'

function limitsAt(options: AttemptLimitsOptions = {}): { limits: AttemptLimits; clock: { nowMs: number } } {
  const clock = { nowMs: 1_000_000 }
  return { limits: createAttemptLimits({ now: () => clock.nowMs, ...options }), clock }
}

function begin(limits: AttemptLimits, account: string, address = '192.0.2.1'): Attempt {
  const attempt = limits.begin(account, address)
  assert(!('retryAfterMs' in attempt), 'the attempt was refused')
  return attempt
}

function retryAfterMs(limits: AttemptLimits, account: string, address = '192.0.2.1'): number {
  const refused = limits.begin(account, address)
  assert('retryAfterMs' in refused, 'the attempt was let through')
  return refused.retryAfterMs
}

describe('failures of an account', () => {
  it('make it wait, twice as long each time, then until the window has passed', () => {
    const { limits, clock } = limitsAt()
    begin(limits, 'alice').failed()
    assert.equal(retryAfterMs(limits, 'alice'), 1_000)
    clock.nowMs += 1_000
    begin(limits, 'alice').failed()
    assert.equal(retryAfterMs(limits, 'alice'), 2_000)
    clock.nowMs += 2_000
    begin(limits, 'alice').failed()
    assert.equal(retryAfterMs(limits, 'alice'), 1_800_000 - 3_000)
    clock.nowMs += 1_800_000 - 3_000
    begin(limits, 'alice').undecided()
  })

  it('never exceed the budget within any window, whatever the order of attempts', () => {
    const { limits, clock } = limitsAt()
    const failuresAtMs: number[] = []
    for (let second = 0; second < 3 * 1_800; second++) {
      clock.nowMs += 1_000
      const attempt = limits.begin('alice', `192.0.2.${second % 200}`)
      if ('retryAfterMs' in attempt) continue
      attempt.failed()
      failuresAtMs.push(clock.nowMs)
    }
    assert(failuresAtMs.length >= 6)
    for (const fromMs of failuresAtMs) {
      const within = failuresAtMs.filter(atMs => atMs >= fromMs && atMs < fromMs + 1_800_000)
      assert(within.length <= 3, `${within.length} failures in one window`)
    }
  })

  it('are counted while they are still pending', () => {
    const { limits } = limitsAt()
    const pending = [begin(limits, 'alice'), begin(limits, 'alice'), begin(limits, 'alice')]
    assert.equal(retryAfterMs(limits, 'alice'), 1_000)
    pending[0]?.undecided()
    begin(limits, 'alice')
  })

  it('are forgotten after a right password, and leave other accounts alone', () => {
    const { limits, clock } = limitsAt()
    begin(limits, 'alice').failed()
    begin(limits, 'bob').undecided()
    clock.nowMs += 1_000
    begin(limits, 'alice').succeeded()
    begin(limits, 'alice').undecided()
  })
})

describe('failures of an address', () => {
  it('stop it across accounts, known or not, and are not bought back with one right password', () => {
    const { limits } = limitsAt({ maxAddressFailures: 4 })
    begin(limits, 'u1').failed()
    begin(limits, 'u2').refused()
    begin(limits, 'u3').refused()
    begin(limits, 'mallory').succeeded()
    begin(limits, 'u4').failed()
    assert.equal(retryAfterMs(limits, 'u5'), 1_800_000)
    begin(limits, 'u5', '192.0.2.2').undecided()
  })
})

describe('an attempt', () => {
  it('is settled once', () => {
    const { limits } = limitsAt()
    const attempt = begin(limits, 'alice')
    attempt.undecided()
    attempt.failed()
    begin(limits, 'alice').undecided()
  })
})
