/** A KDC that answers and cannot judge, beside one that can. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { createKdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool, type KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { isDoubtful, isUnable, KdcRefusal, refuseError } from '../../../src/kerberos/kdc/kdc-refusal.ts'
import { EncryptionKey } from '../../../src/kerberos/protocol/encryption-key.ts'
import { NAME_TYPE, nameOf } from '../../../src/kerberos/protocol/principal-name.ts'
import { asReply, proofWanted } from '../forged-kdc.ts'
import { answering, answeringError, type Behaviour, endAll, errorOf, kdc, refusing } from './played-kdc.ts'

afterEach(endAll)

describe('an answer of a KDC that cannot judge: its clock differs, or what it needs is away', () => {
  const read = (reply: Buffer): string => {
    refuseError(reply)
    return reply.toString()
  }
  const outcome = async (...behaviours: readonly Behaviour[]) => {
    const kdcs = await Promise.all(behaviours.map(kdc))
    const locator = configuredKdcs(kdcs.map(({ address }) => address))
    const pool = createKdcPool({ locator, timeoutMs: 1_500, nextAfterMs: 1_000, monotonic: () => performance.now() })
    const answer = await pool
      .ask(Buffer.from('a question'), read, { isDoubtful, isUnable })
      .catch((reason: KdcRefusal) => reason.errorCode)
    return [answer, kdcs.map(({ asked }) => asked), pool.states().map(({ last }) => last)]
  }

  it('is passed over for one that judges, which comes first from then on (pitfall 32)', async () => {
    for (const code of [37, 60]) {
      const failed = ['out-of-service', 'answered']
      assert.deepEqual(await outcome(answeringError(code), answering), ['yes', [1, 1], failed])
      assert.deepEqual(await outcome(answeringError(code), answeringError(24)), [24, [1, 1], failed])
      assert.deepEqual(await outcome(answeringError(code), answeringError(60), answering), [
        'yes',
        [1, 1, 1],
        ['out-of-service', ...failed],
      ])
    }
  })

  it('is that of all where nobody else judges, and no failure: it may be about the account', async () => {
    assert.deepEqual(await outcome(answeringError(60)), [60, [1], ['answered']])
    assert.deepEqual(await outcome(answeringError(60), answeringError(60)), [60, [1, 1], ['answered', 'answered']])
    const many = Array.from({ length: 5 }, () => answeringError(60))
    assert.deepEqual((await outcome(...many)).slice(0, 2), [60, [1, 1, 1, 0, 0]], 'not all are troubled for it')
    assert.deepEqual(await outcome(answeringError(60), refusing), [60, [1, 1], ['answered', 'unreachable']])
  })

  it('confirms nothing, and is worth less than a doubtful one', async () => {
    assert.deepEqual(await outcome(answeringError(6), answeringError(60)), [6, [1, 1], ['answered', 'out-of-service']])
    assert.deepEqual(await outcome(answeringError(60), answeringError(6), answering), [
      'yes',
      [1, 1, 1],
      ['out-of-service', 'answered', 'answered'],
    ])
    assert.deepEqual(await outcome(answeringError(60), answeringError(6), answeringError(6)), [
      6,
      [1, 1, 1],
      ['out-of-service', 'answered', 'answered'],
    ])
  })

  it('is passed over at each step of a sign-in, the proof included, and for tickets', async () => {
    const nowMs = Math.floor(Date.now() / 1000) * 1000
    const key = new EncryptionKey(18, Buffer.alloc(32, 3))
    const seen: (boolean | undefined)[] = []
    const answers = [
      () => proofWanted('CORP.TESTalice', nowMs),
      (request: Buffer) => asReply(request, { key, sessionKey: key, nowMs }),
      () => errorOf(24),
    ]
    const pool: KdcPool = {
      async ask(request, read, terms) {
        seen.push(terms?.isUnable?.(new KdcRefusal(60)))
        return read(answers.shift()?.(request) ?? assert.fail('another question'))
      },
      states: () => [],
    }
    const client = createKdcClient({ pools: new Map([['CORP.TEST', pool]]), realm: 'CORP.TEST', now: () => nowMs })
    const name = (text: string) => nameOf(text, NAME_TYPE.principal)
    const tgt = await client.signIn(name('alice'), async () => key.copy(), { realm: 'CORP.TEST' })
    await assert.rejects(client.serviceTicket(tgt, name('HTTP/proxy.corp.test')), { errorCode: 24 })
    assert.deepEqual(seen, [true, true, true])
  })
})
