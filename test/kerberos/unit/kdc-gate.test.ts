import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KdcRefusal } from '../../../src/kerberos/kdc/kdc-refusal.ts'
import { createKdcGate, type KdcGateOptions } from '../../../src/kerberos/kdc-gate.ts'
import { KerberosError, type KerberosErrorCode } from '../../../src/kerberos/kerberos-error.ts'
import { system } from '../../../src/system.ts'

const gateWith = (options: KdcGateOptions = { now: system.now }) =>
  createKdcGate({ maxConcurrent: 2, timeoutMs: 40, ...options })

/** A call that comes back when told. */
function call(): { task: () => Promise<string>; end: (result?: Error) => void; started: () => boolean } {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let started = false
  const task = () => {
    started = true
    return promise
  }
  return { task, end: error => (error === undefined ? resolve('done') : reject(error)), started: () => started }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

describe('the gate', () => {
  it('runs two calls at a time, the others in order', async () => {
    // Nobody gives up here, however busy the machine is.
    const gate = gateWith({ now: system.now, timeoutMs: 60_000 })
    const calls = Array.from({ length: 4 }, call)
    const runs = calls.map(({ task }) => gate.run(task))
    await settled()
    assert.deepEqual(
      calls.map(({ started }) => started()),
      [true, true, false, false],
    )
    calls[1]?.end()
    await settled()
    assert.deepEqual(
      calls.map(({ started }) => started()),
      [true, true, true, false],
    )
    for (const { end } of calls) end()
    assert.deepEqual(await Promise.all(runs), ['done', 'done', 'done', 'done'])
    assert.deepEqual(gate.load(), { running: 0, queued: 0 })
  })

  it('keeps the place of a call whose caller gave up', async () => {
    const gate = gateWith()
    const calls = Array.from({ length: 3 }, call)
    const runs = calls.map(({ task }) => gate.run(task))
    const results = await Promise.allSettled(runs)
    assert(results.every(({ status }) => status === 'rejected'))
    assert.deepEqual(gate.load(), { running: 2, queued: 0 })
    assert.equal(calls[2]?.started(), false)
    assert.equal(gate.counters().timedOut, 3)
    for (const { end } of calls) end()
    await settled()
    assert.equal(gate.load().running, 0)
  })

  it('refuses what its queue has no room for', async () => {
    const gate = gateWith({ now: system.now, maxQueued: 1 })
    const calls = Array.from({ length: 4 }, call)
    const runs = calls.map(({ task }) => gate.run(task))
    await assert.rejects(runs[3] ?? Promise.resolve(), { code: 'overloaded' })
    for (const { end } of calls) end()
    await Promise.all(runs.slice(0, 3))
    assert.equal(gate.counters().rejected, 1)
    assert.equal(gate.state(), 'closed')
  })

  it('stays half-open for a call that asked no KDC, since our own ticket was let go of meanwhile', async () => {
    let nowMs = 0
    const gate = gateWith({ now: () => nowMs, failureThreshold: 1, pauseMs: 10, timeoutMs: 60_000 })
    const throwing = (code: KerberosErrorCode, cause?: unknown) => () =>
      gate.run(() => Promise.reject(new KerberosError(code, 's4u2self', { cause })))
    await assert.rejects(throwing('kdc-unreachable'), { code: 'kdc-unreachable' })
    nowMs += 10
    await assert.rejects(throwing('credentials-expired'), { code: 'credentials-expired' })
    assert.equal(gate.state(), 'half-open')
    await assert.rejects(throwing('credentials-expired', new KdcRefusal(32)), { code: 'credentials-expired' })
    assert.equal(gate.state(), 'closed', 'the KDC has said so')
  })

  it('opens when nothing comes back, also for those that only queued', async () => {
    const gate = gateWith({ now: system.now, maxConcurrent: 1, failureThreshold: 3 })
    const calls = Array.from({ length: 3 }, call)
    await Promise.allSettled(calls.map(({ task }) => gate.run(task)))
    assert.equal(gate.state(), 'open')
    await assert.rejects(gate.run(call().task), { code: 'kdc-circuit-open' })
    for (const { end } of calls) end()
  })

  it('stays closed on refusals of a KDC that lives, and on a long queue before one that works', async () => {
    const gate = gateWith({ now: system.now, maxConcurrent: 1, failureThreshold: 1, timeoutMs: 60 })
    for (const code of ['client-unknown', 'password-wrong', 'delegation-refused', 'internal'] as const) {
      await assert.rejects(
        gate.run(() => Promise.reject(new KerberosError(code, 'password'))),
        { code },
      )
    }
    const slow = () => new Promise(resolve => setTimeout(resolve, 25))
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => gate.run(slow)))
    assert(results.some(({ status }) => status === 'rejected'))
    assert.equal(gate.state(), 'closed')
  })

  it('does not start what queued while the circuit opened', async () => {
    const gate = gateWith({ now: system.now, maxConcurrent: 1, failureThreshold: 1, timeoutMs: 5_000 })
    const calls = Array.from({ length: 2 }, call)
    const runs = calls.map(({ task }) => gate.run(task))
    calls[0]?.end(new KerberosError('kdc-unreachable', 'password'))
    const results = await Promise.allSettled(runs)
    assert(results[1]?.status === 'rejected')
    assert.equal(results[1].reason.code, 'kdc-circuit-open')
    assert.equal(calls[1]?.started(), false)
  })
})
