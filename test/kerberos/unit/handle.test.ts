import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Handle, openHandles } from '../../../src/kerberos/handle.ts'

function counted(): { handle: Handle; released: bigint[] } {
  const released: bigint[] = []
  return { handle: new Handle('credential', 42n, pointer => released.push(pointer)), released }
}

describe('a handle', () => {
  it('is released once, however often its owner lets go', () => {
    const { handle, released } = counted()
    assert.equal(openHandles().credential, 1)
    handle[Symbol.dispose]()
    handle[Symbol.dispose]()
    assert.deepEqual(released, [42n])
    assert.equal(openHandles().credential, 0)
  })

  it('is not released while a call is in flight', async () => {
    const { handle, released } = counted()
    const { promise, resolve } = Promise.withResolvers<void>()
    const calls = [handle.use(() => promise), handle.use(() => promise)]
    handle[Symbol.dispose]()
    assert.deepEqual(released, [])
    resolve()
    await Promise.all(calls)
    assert.deepEqual(released, [42n])
  })

  it('is released after a call that failed', async () => {
    const { handle, released } = counted()
    await assert.rejects(
      handle.use(() => Promise.reject(new Error('the call'))),
      /the call/,
    )
    handle[Symbol.dispose]()
    assert.deepEqual(released, [42n])
  })

  it('stays usable for who holds a lease, and is released when the last lease ends', async () => {
    const { handle, released } = counted()
    const leases = [handle.lease(), handle.lease()]
    handle[Symbol.dispose]()
    assert.equal(await handle.use(pointer => pointer), 42n)
    leases[0]?.[Symbol.dispose]()
    leases[0]?.[Symbol.dispose]()
    assert.deepEqual(released, [])
    leases[1]?.[Symbol.dispose]()
    assert.deepEqual(released, [42n])
    assert.throws(() => handle.lease(), { code: 'internal' })
  })

  it('cannot be used after its release', async () => {
    const { handle } = counted()
    handle[Symbol.dispose]()
    await assert.rejects(
      handle.use(() => assert.fail('the call ran')),
      { code: 'internal' },
    )
    assert.throws(() => handle.read(() => assert.fail('the call ran')), { code: 'internal' })
  })
})
