/** A KDC that says that a password has expired before it has seen one, as MIT's does. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createKdcClient, type Person } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { EncryptionKey } from '../../../src/kerberos/protocol/encryption-key.ts'
import { NAME_TYPE, nameOf } from '../../../src/kerberos/protocol/principal-name.ts'
import { asReply, proofWanted, refusal } from '../forged-kdc.ts'

const REALM = 'CORP.TEST'
const nowMs = Date.UTC(2026, 5, 1)
const key = new EncryptionKey(18, Buffer.alloc(32, 3))
/** PA-ENC-TIMESTAMP in a request. */
const TIMESTAMP = Buffer.from('a103020102', 'hex')
const CHANGE = Buffer.from('changepw')

/** `judge`: what it says of a proof, for a ticket to change the password with. */
function kdcThat(judge: (request: Buffer) => Buffer) {
  const asked: string[] = []
  const answer = (request: Buffer): Buffer => {
    const isChange = request.includes(CHANGE)
    const isProven = request.includes(TIMESTAMP)
    asked.push(`${isChange ? 'change' : 'tgt'}${isProven ? ' with proof' : ''}`)
    if (!isChange) return refusal(23, nowMs)
    return isProven ? judge(request) : proofWanted(`${REALM}alice`, nowMs)
  }
  const pool: KdcPool = { ask: async (request, read) => read(answer(request)), states: () => [] }
  const client = createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: () => nowMs })
  const signIn = (person?: Person) =>
    client.signIn(nameOf('alice', NAME_TYPE.principal), async () => key.copy(), person)
  return { asked, signIn }
}

const PROVEN = ['tgt', 'change', 'change with proof']

describe('that a password has expired', () => {
  it('is told to whoever knows it', async () => {
    const { signIn, asked } = kdcThat(request => asReply(request, { key, sessionKey: key, nowMs }))
    await assert.rejects(signIn({ realm: REALM }), { name: 'KdcRefusal', errorCode: 23 })
    assert.deepEqual(asked, PROVEN)
  })

  it('is not told to others: theirs is wrong, or where nobody judges it the account of no use', async () => {
    for (const [said, told] of [
      [24, 24],
      [7, 18],
      [12, 18],
    ] as const) {
      const { signIn, asked } = kdcThat(() => refusal(said, nowMs))
      await assert.rejects(signIn({ realm: REALM }), { name: 'KdcRefusal', errorCode: told })
      assert.deepEqual(asked, PROVEN)
    }
  })

  it('is told of our own account without a proof', async () => {
    const { signIn, asked } = kdcThat(() => refusal(24, nowMs))
    await assert.rejects(signIn(), { name: 'KdcRefusal', errorCode: 23 })
    assert.deepEqual(asked, ['tgt'])
  })

  it('is told by a KDC that says it for that ticket, too, to nobody', async () => {
    const pool: KdcPool = { ask: async (_, read) => read(refusal(23, nowMs)), states: () => [] }
    const client = createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: () => nowMs })
    const name = nameOf('alice', NAME_TYPE.principal)
    await assert.rejects(
      client.signIn(name, async () => key.copy(), { realm: REALM }),
      { errorCode: 18 },
    )
  })
})
