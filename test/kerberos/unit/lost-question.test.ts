/** A question that a KDC loses is asked once more; one that is slow is not asked by more for it. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { configuredKdcs } from '../../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool, type KdcPoolOptions } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { KdcRefusal } from '../../../src/kerberos/kdc/kdc-refusal.ts'
import { Krb5Error } from '../../../src/kerberos/protocol/krb5-error.ts'
import { answering, answeringError, type Behaviour, endAll, frame, kdc, refusing, silent } from './played-kdc.ts'

/** As the gate has it. */
const CALLS_AT_A_TIME = 16

afterEach(endAll)

const read = (reply: Buffer): string => {
  if (reply.toString() !== 'yes') throw new Krb5Error('malformed', 'not what it should be')
  return 'yes'
}

type Played = Awaited<ReturnType<typeof kdc>>
const poolOf = (kdcs: readonly Played[], changes: Partial<KdcPoolOptions> = {}) =>
  createKdcPool({
    locator: configuredKdcs(kdcs.map(({ address }) => address)),
    ...{ timeoutMs: 3_000, nextAfterMs: 100, monotonic: () => performance.now(), ...changes },
  })
type Pool = ReturnType<typeof poolOf>
const ask = (pool: Pool) => pool.ask(Buffer.from('a question'), read)

/** The first connections come to nothing, as in a backlog that is full; those after them are served. */
const losing = (count: number, behave = answering): Behaviour => {
  let left = count
  return (socket, asked) => (left-- > 0 ? silent : behave)(socket, asked)
}
const slow =
  (delayMs: number): Behaviour =>
  socket =>
    socket.once('data', () => setTimeout(() => socket.end(frame('yes')), delayMs))

describe('a question that is lost on the way to the only KDC', () => {
  it('is asked once more, also where it is one of many at once', async () => {
    const only = await kdc(losing(CALLS_AT_A_TIME))
    const pool = poolOf([only])
    const answers = await Promise.all(Array.from({ length: CALLS_AT_A_TIME }, () => ask(pool)))
    assert.deepEqual(new Set(answers), new Set(['yes']))
    assert.equal(only.asked, 2 * CALLS_AT_A_TIME)
  })

  it('proves itself anew the second time, also after a connection that broke', async () => {
    for (const behave of [silent, refusing]) {
      const heard: string[] = []
      let isFirst = true
      const only = await kdc((socket, asked) => {
        socket.once('data', (octets: Buffer) => heard.push(octets.subarray(4).toString()))
        if (isFirst && behave === refusing) socket.once('data', () => socket.resetAndDestroy())
        else if (!isFirst) answering(socket, asked)
        isFirst = false
      })
      const again = () => Buffer.from('the same question, with another proof')
      assert.equal(await poolOf([only]).ask(Buffer.from('a question'), read, { again }), 'yes')
      assert.deepEqual(heard, ['a question', 'the same question, with another proof'])
    }
  })

  it('waits on where nothing is left to prove it with', async () => {
    const only = await kdc(slow(400))
    const again = () => {
      throw new Error('the key was let go of')
    }
    assert.equal(await poolOf([only]).ask(Buffer.from('a question'), read, { again }), 'yes')
    assert.equal(only.asked, 1)
  })

  it('ends where nothing is left to prove it with, and the first connection broke', { timeout: 5_000 }, async () => {
    const only = await kdc(refusing)
    const again = () => {
      throw new Error('the key was let go of')
    }
    await assert.rejects(poolOf([only]).ask(Buffer.from('a question'), read, { again }), { failure: 'unreachable' })
    assert.equal(only.asked, 1)
  })

  it('is not asked again where a KDC would count both, as a wrong password is', async () => {
    const only = await kdc(losing(1))
    const pool = poolOf([only], { timeoutMs: 600 })
    await assert.rejects(pool.ask(Buffer.from('a proof'), read, { isCounted: true }), {
      ...{ failure: 'silent', message: 'timeout' },
    })
    assert.equal(only.asked, 1)
  })

  it('ends with a refusal as with an answer, and one KDC does not confirm its own', async () => {
    const only = await kdc(losing(1, answeringError(6)))
    const refused = (): string => {
      throw new KdcRefusal(6)
    }
    const asked = poolOf([only]).ask(Buffer.from('a question'), refused, { isDoubtful: () => true })
    await assert.rejects(asked, { errorCode: 6 })
    assert.equal(only.asked, 2)
  })
})

describe('a KDC that loses a question, and what becomes of it', () => {
  const outcome = async (...behaviours: readonly Behaviour[]) => {
    const kdcs = await Promise.all(behaviours.map(kdc))
    const answer = await ask(poolOf(kdcs, { timeoutMs: 1_500 })).catch((error: Error) => error.message)
    return [answer, ...kdcs.map(({ asked }) => asked)]
  }

  it('is asked once more, and no third time', async () => {
    assert.deepEqual(await outcome(losing(1)), ['yes', 2])
    assert.deepEqual(await outcome(losing(2)), ['timeout', 2])
  })

  it('is so whether or not there is another that is silent', async () => {
    assert.deepEqual(await outcome(losing(1), silent), ['yes', 2, 1])
    assert.deepEqual(await outcome(silent, losing(1)), ['yes', 2, 2])
  })

  it('is not noted as silent, since the second answer came', async () => {
    const pool = poolOf([await kdc(losing(1))])
    assert.equal(await ask(pool), 'yes')
    assert.deepEqual(
      pool.states().map(({ failures, last }) => [failures, last]),
      [[0, 'answered']],
    )
  })
})

describe('a KDC that is slow, or dead', () => {
  it('is not asked by more for it: once more in all, while that does not help', async () => {
    const only = await kdc(slow(250))
    // By a clock that stands still: however long this takes, no time has passed after which it may be asked again.
    const pool = poolOf([only], { monotonic: () => 0 })
    for (let round = 0; round < 3; round++)
      await Promise.all(Array.from({ length: CALLS_AT_A_TIME }, async () => assert.equal(await ask(pool), 'yes')))
    assert.equal(only.asked, 3 * CALLS_AT_A_TIME + 1)
  })

  it('is asked once more when some time has passed, and then for each that is lost', async () => {
    let elapsedMs = 0
    let behave = slow(250)
    const only = await kdc((socket, asked) => behave(socket, asked))
    const pool = poolOf([only], { monotonic: () => performance.now() + elapsedMs })
    await ask(pool)
    assert.equal(only.asked, 2)
    elapsedMs = 5_001
    behave = losing(2)
    assert.equal(await ask(pool).catch(() => 'lost twice'), 'lost twice')
    assert.equal(only.asked, 4)
    elapsedMs = 10_002
    behave = losing(1)
    for (let round = 0; round < 3; round++) {
      assert.equal(await ask(pool), 'yes')
      behave = losing(1)
    }
    assert.equal(only.asked, 10)
  })
})
