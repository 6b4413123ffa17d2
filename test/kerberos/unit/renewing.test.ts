import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRenewing, validity } from '../../../src/kerberos/renewing.ts'

class Value implements Disposable {
  disposed = false;
  [Symbol.dispose](): void {
    this.disposed = true
  }
}

/** Values that live 100 s, in a clock that is moved by hand. */
function renewingAt() {
  const clock = { nowMs: 0, fails: false }
  const made: Value[] = []
  const renewing = createRenewing<Value>({
    now: () => clock.nowMs,
    async acquire(store) {
      await Promise.resolve()
      if (clock.fails) throw new Error('no KDC')
      const value = new Value()
      made.push(value)
      store(value, validity(100, clock.nowMs, 300_000))
    },
  })
  return { clock, made, renewing }
}

/** Values that live for an hour, and are to be proven anew. */
function provenFor(provenMs: number) {
  const clock: { nowMs: number; fails: Error | undefined } = { nowMs: 0, fails: undefined }
  const made: Value[] = []
  const renewing = createRenewing<Value>({
    now: () => clock.nowMs,
    isFinal: error => (error as Error).message === 'final',
    async acquire(store) {
      await Promise.resolve()
      if (clock.fails !== undefined) throw clock.fails
      const value = new Value()
      made.push(value)
      const { nowMs } = clock
      store(value, {
        renewAtMs: nowMs + provenMs * 0.8,
        provenUntilMs: nowMs + provenMs,
        expiresAtMs: nowMs + 3_600_000,
      })
    },
  })
  return { clock, made, renewing }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

describe('a validity', () => {
  it('asks for a renewal five minutes before the ticket ends, or in the last quarter of a short one, and ends before it', () => {
    assert.deepEqual(validity(36_000, 0, 300_000), { renewAtMs: 35_700_000, expiresAtMs: 35_940_000 })
    assert.deepEqual(validity(100, 0, 300_000), { renewAtMs: 75_000, expiresAtMs: 95_000 })
  })
})

describe('a renewing value', () => {
  it('is acquired once for all who ask at the same time', async () => {
    const { renewing, made } = renewingAt()
    const values = await Promise.all([renewing.current(), renewing.current(), renewing.current()])
    assert.equal(new Set(values).size, 1)
    assert.equal(made.length, 1)
  })

  it('serves on while it is renewed, then gives way and is released', async () => {
    const { renewing, made, clock } = renewingAt()
    const first = await renewing.current()
    clock.nowMs = 80_000
    assert.equal(await renewing.current(), first)
    await settled()
    assert.notEqual(await renewing.current(), first)
    assert.equal(first.disposed, true)
    assert.equal(made.length, 2)
  })

  it('serves on when its renewal fails, and is not used past its end', async () => {
    const { renewing, clock, made } = renewingAt()
    const first = await renewing.current()
    clock.fails = true
    clock.nowMs = 80_000
    assert.equal(await renewing.current(), first)
    await settled()
    clock.nowMs = 94_999
    assert.equal(await renewing.current(), first)
    clock.nowMs = 95_000
    await assert.rejects(renewing.current(), /no KDC/)
    clock.fails = false
    assert.notEqual(await renewing.current(), first)
    assert.equal(made.length, 2)
  })

  it('is replaced when it turned out not to work, but not twice for one fault', async () => {
    const { renewing, made } = renewingAt()
    const first = await renewing.current()
    renewing.invalidate(first)
    assert.equal(first.disposed, true)
    const second = await renewing.current()
    renewing.invalidate(first)
    assert.equal(await renewing.current(), second)
    assert.equal(made.length, 2)
  })

  it('is not used past the time for which it was proven, unless nobody can be asked', async () => {
    const { clock, made, renewing } = provenFor(10_000)
    const first = await renewing.current()
    clock.nowMs = 9_000
    assert.equal(await renewing.current(), first, 'the renewal runs beside')
    await settled()
    assert.equal(made.length, 2)
    // Idle since.
    clock.nowMs = 100_000
    clock.fails = new Error('no KDC')
    assert.equal(await renewing.current(), made[1])
    clock.fails = new Error('final')
    assert.equal(await renewing.current(), made[1], 'a moment after a failure nobody is asked')
    clock.nowMs = 130_000
    await assert.rejects(renewing.current(), /final/)
    assert.equal(made[1]?.disposed, true)
    clock.fails = undefined
    assert.equal(await renewing.current(), made[2])
  })

  it('is proven anew in time when the clock was set back, and when it alone went on', async () => {
    const clock = { nowMs: 3_600_000, monotonicMs: 0 }
    let made = 0
    const renewing = createRenewing<Value>({
      now: () => clock.nowMs,
      monotonic: () => clock.monotonicMs,
      async acquire(store) {
        made++
        const { nowMs } = clock
        store(new Value(), { renewAtMs: nowMs + 8_000, provenUntilMs: nowMs + 10_000, expiresAtMs: nowMs + 3_600_000 })
      },
    })
    const first = await renewing.current()
    clock.nowMs -= 3_600_000
    clock.monotonicMs += 7_999
    assert.equal(renewing.fresh(), first)
    clock.monotonicMs += 1
    assert.equal(renewing.fresh(), undefined)
    clock.monotonicMs += 2_000
    assert.notEqual(await renewing.current(), first, 'this one is waited for')
    // The machine slept.
    clock.nowMs += 10_000
    await renewing.current()
    assert.equal(made, 3)
  })

  it('is asked about as often as it is to be, however short that is', async () => {
    const { clock, made, renewing } = provenFor(10_000)
    await renewing.current()
    for (let round = 1; round <= 3; round++) {
      clock.nowMs += 10_000
      await renewing.current()
      assert.equal(made.length, round + 1)
    }
  })

  it('releases what arrives after it was closed, and answers nobody', async () => {
    const { renewing, made } = renewingAt()
    const late = renewing.current()
    renewing[Symbol.dispose]()
    await assert.rejects(late, { code: 'credentials-expired' })
    assert.equal(made[0]?.disposed, true)
    await assert.rejects(renewing.current(), { code: 'credentials-expired' })
  })
})
