/** Several KDCs as one to ask: sockets that answer, refuse, keep silent, drip or lie. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { type KdcAddress, parseKdc } from '../../../config/kdc-address.ts'
import { eventually } from '../../../devkit/torhaus/eventually.ts'
import { KdcUnreachable } from '../../../src/kerberos/kdc/kdc-exchange.ts'
import { configuredKdcs, discoveredKdcs } from '../../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool, type KdcPool, type KdcPoolOptions } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { isDoubtful, type KdcRefusal, refuseError } from '../../../src/kerberos/kdc/kdc-refusal.ts'
import { type KdcSeen, nameOfKdc } from '../../../src/kerberos/kdc/kdc-state.ts'
import { Krb5Error } from '../../../src/kerberos/protocol/krb5-error.ts'
import {
  answering,
  answeringError,
  type Behaviour,
  endAll,
  endless,
  frame,
  kdc,
  lying,
  outOfService,
  refusing,
  silent,
} from './played-kdc.ts'

/** That have no ticket yet. */
const PEOPLE = 2_000
/** As the gate has it. */
const CALLS_AT_A_TIME = 16

afterEach(endAll)

const poolWith = (nextAfterMs: number, ...kdcs: readonly { readonly address: KdcAddress }[]): KdcPool =>
  createKdcPool({
    locator: configuredKdcs(kdcs.map(({ address }) => address)),
    timeoutMs: 1_500,
    nextAfterMs,
    monotonic: () => performance.now(),
  })

const poolOf = (...kdcs: readonly { readonly address: KdcAddress }[]): KdcPool => poolWith(50, ...kdcs)

const read = (reply: Buffer): string => {
  if (reply.toString() !== 'yes') throw new Krb5Error('malformed', 'not what it should be')
  return 'yes'
}
const ask = (pool: KdcPool) => pool.ask(Buffer.from('a question'), read)

describe('where one KDC of two does not do its work', () => {
  for (const [name, behaviour] of Object.entries({ silent, refusing, lying, endless })) {
    it(`(${name}) the other answers, and is asked first from then on`, async () => {
      const bad = await kdc(behaviour)
      const good = await kdc(answering)
      const pool = poolWith(name === 'silent' ? 100 : 1_400, bad, good)
      for (let round = 0; round < 10; round++) assert.equal(await ask(pool), 'yes')
      assert.equal(good.asked, 10)
      // A machine that is busy for that long makes the good one silent, too.
      assert(bad.asked >= 1 && bad.asked <= (name === 'silent' ? 5 : 1), `${bad.asked}`)
      assert.equal(pool.states().map(({ failures }) => failures > 0)[0], true)
    })
  }

  it('and is only slow, another is not asked what each of them would count', async () => {
    const slow = await kdc(socket => socket.once('data', () => setTimeout(() => socket.end(frame('yes')), 1_000)))
    const other = await kdc(answering)
    // Far apart, so that a pause of this process is not taken for the silence of one of them.
    const pool = createKdcPool({
      locator: configuredKdcs([slow.address, other.address]),
      ...{ timeoutMs: 6_000, nextAfterMs: 500, monotonic: () => performance.now() },
    })
    let puts = 0
    await pool.ask(Buffer.from('a proof'), read, { isCounted: true, onPut: () => puts++ })
    assert.deepEqual([slow.asked, other.asked, puts], [1, 0, 1])
    await ask(pool)
    assert.deepEqual([slow.asked, other.asked], [2, 1])
  })

  it('and there is less time than a second, the next one is asked in time', async () => {
    // As over a network.
    const later: Behaviour = socket => socket.once('data', () => setTimeout(() => socket.end(frame('yes')), 50))
    const kdcs = [await kdc(silent), await kdc(later)]
    const locator = configuredKdcs(kdcs.map(({ address }) => address))
    const pool = createKdcPool({ locator, timeoutMs: 900, monotonic: () => performance.now() })
    let puts = 0
    assert.equal(await pool.ask(Buffer.from('a proof'), read, { isCounted: true, onPut: () => puts++ }), 'yes')
    assert.equal(puts, 2, 'each may count it')
    assert.equal(await ask(pool), 'yes')
  })

  it('that stays known when DNS gives the same ones in another order', async () => {
    const [bad, good] = [await kdc(refusing), await kdc(answering)]
    let addresses = [bad.address, good.address]
    const pool = createKdcPool({
      locator: { addresses: async () => addresses },
      ...{ timeoutMs: 1_500, nextAfterMs: 1_400, monotonic: () => performance.now() },
    })
    for (let round = 0; round < 6; round++) {
      assert.equal(await ask(pool), 'yes')
      addresses = (round % 2 === 0 ? [good, bad] : [bad, good]).map(({ address }) => ({ ...address }))
    }
    assert.equal(bad.asked, 1)
    addresses = [{ ...good.address }]
    await ask(pool)
    assert.deepEqual(
      pool.states().map(({ address }) => address),
      addresses,
    )
  })

  it('twenty questions that begin at once do not wait one after the other', async () => {
    const bad = await kdc(silent)
    const pool = poolOf(bad, await kdc(answering))
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(pool)))
    assert.deepEqual(new Set(answers), new Set(['yes']))
  })
})

it('thousands of people are answered by the one that lives, and the silent one holds up none of them', async () => {
  const [dead, live] = [await kdc(silent), await kdc(answering)]
  const pool = poolWith(1_000, dead, live)
  let left = PEOPLE
  const turns = Array.from({ length: CALLS_AT_A_TIME }, async () => {
    while (left-- > 0) assert.equal(await ask(pool), 'yes')
  })
  await Promise.all(turns)
  assert(live.asked >= PEOPLE, `${live.asked}`)
  // Those that began before its silence was noted, and then nobody.
  assert(dead.asked <= 2 * CALLS_AT_A_TIME, `${dead.asked}`)
})

describe('an answer that shuts somebody out, and that anybody can have written (pitfall 29)', () => {
  const readRefusal = (reply: Buffer): string => {
    refuseError(reply)
    return read(reply)
  }
  const outcome = async (...behaviours: readonly Behaviour[]) => {
    const kdcs = await Promise.all(behaviours.map(kdc))
    const answer = await poolWith(1_000, ...kdcs)
      .ask(Buffer.from('a question'), readRefusal, { isDoubtful })
      .catch((error: KdcRefusal) => error.errorCode)
    return [answer, ...kdcs.map(({ asked }) => asked)]
  }

  it('counts once a second KDC says so, and not where that says otherwise', async () => {
    for (const code of [6, 18, 23]) {
      assert.deepEqual(await outcome(answeringError(code), answering), ['yes', 1, 1])
      assert.deepEqual(await outcome(answeringError(code), answeringError(18), answering), [18, 1, 1, 0])
    }
  })

  it('counts where there is nobody else, or nobody else answers', async () => {
    assert.deepEqual(await outcome(answeringError(6)), [6, 1])
    for (const other of [refusing, lying, endless]) assert.deepEqual(await outcome(answeringError(6), other), [6, 1, 1])
    // One that keeps silent is waited for no longer than ever: the question has 1.5 s.
    const pool = poolWith(100, await kdc(answeringError(6)), await kdc(silent))
    const began = performance.now()
    await assert.rejects(pool.ask(Buffer.from('a question'), readRefusal, { isDoubtful }), { errorCode: 6 })
    assert(performance.now() - began < 1_200)
  })

  it('is not asked for twice where asking counts: of a wrong password, or of a policy', async () => {
    for (const code of [24, 12, 13, 7, 68])
      assert.deepEqual(await outcome(answeringError(code), answering), [code, 1, 0])
  })

  it('for ever out of service, or with another clock, is bounded, and the clock is left alone (pitfall 31) (pitfall 32)', async () => {
    const [answer, ...asked] = await outcome(answeringError(29), answeringError(29))
    assert.equal(answer, undefined)
    assert.deepEqual(asked, [2, 2])
    assert.deepEqual(await outcome(answeringError(37), answering), [37, 1, 0])
  })
})

describe('where no KDC does its work', () => {
  it('the question ends, each having been asked, and says why', async () => {
    const kdcs = [await kdc(refusing), await kdc(refusing)]
    await assert.rejects(ask(poolOf(...kdcs)), KdcUnreachable)
    assert.deepEqual(
      kdcs.map(({ asked }) => asked),
      [2, 2],
      'once, and once more',
    )
    await assert.rejects(ask(poolOf(await kdc(lying))), Krb5Error)
    await assert.rejects(ask(poolOf(await kdc(silent), await kdc(silent))), KdcUnreachable)
    await assert.rejects(ask(poolOf()), KdcUnreachable)
  })

  it('they are asked all the same the next time, and one that is back answers', async () => {
    let isBack = false
    const only = await kdc(socket => (isBack ? answering : refusing)(socket, () => undefined))
    const pool = poolOf(only)
    await assert.rejects(ask(pool), KdcUnreachable)
    isBack = true
    assert.equal(await ask(pool), 'yes')
  })
})

describe('what was seen of each KDC', () => {
  let nowMs = 0
  const seen: KdcSeen[] = []
  const watched = (changes: Partial<KdcPoolOptions>, ...kdcs: readonly { readonly address: KdcAddress }[]) => {
    const locator = configuredKdcs(kdcs.map(({ address }) => address))
    const watching = { nextAfterMs: 100, monotonic: () => nowMs, onSeen: (one: KdcSeen) => void seen.push(one) }
    return createKdcPool({ locator, timeoutMs: 1_500, ...watching, ...changes })
  }
  const lasts = (pool: KdcPool) => pool.states().map(({ last }) => last)
  const until = (holds: () => boolean) => eventually(holds, `${holds}`)
  afterEach(() => {
    nowMs = 0
    seen.splice(0)
  })

  for (const [name, behaviour, failure] of [
    ['silent', silent, 'silent'],
    ['refusing', refusing, 'unreachable'],
    ['lying', lying, 'not-believed'],
    ['out of service', (socket: Socket) => void socket.once('data', () => socket.end(outOfService)), 'out-of-service'],
  ] as const) {
    it(`is told with its name and reason (${name})`, async () => {
      const kdcs = [await kdc(behaviour), await kdc(answering)]
      const pool = watched({}, ...kdcs)
      assert.deepEqual(lasts(pool), [])
      await ask(pool)
      assert.deepEqual(lasts(pool), [failure, 'answered'])
      assert.deepEqual(
        seen.map(one => [one.kdc, one.failure]),
        kdcs.map(({ address }, index) => [nameOfKdc(address), index === 0 ? failure : undefined]),
      )
      for (const { seconds } of seen) assert(seconds >= 0 && seconds < 2)
    })
  }

  it('is one failure where many questions were under way, and a rest that is not doubled for each', async () => {
    const pool = watched({}, await kdc(silent), await kdc(answering))
    await Promise.all(Array.from({ length: 20 }, () => ask(pool)))
    const [dead] = pool.states()
    assert.deepEqual([dead?.failures, dead?.restUntilMs], [1, 5_000])
  })

  it('ends with its return: it is tried beside a question, by a message of its own, and nobody waits', async () => {
    let isBack = false
    const requests: string[] = []
    const first = await kdc(socket => {
      if (!isBack) return silent(socket, () => undefined)
      socket.once('data', (octets: Buffer) => {
        requests.push(octets.subarray(4).toString())
        socket.end(frame('yes'))
      })
    })
    const probe = { request: () => Buffer.from('are you there'), read: (reply: Buffer) => void read(reply) }
    const pool = watched({ probe }, first, await kdc(answering))
    await ask(pool)
    nowMs = 4_999
    await ask(pool)
    assert.equal(first.asked, 1, 'it rests')
    nowMs = 5_001
    await ask(pool)
    await until(() => first.asked === 2)
    await until(() => (pool.states()[0]?.failures ?? 0) === 2)
    isBack = true
    nowMs = 20_000
    await Promise.all([ask(pool), ask(pool)])
    await until(() => lasts(pool)[0] === 'answered')
    assert.deepEqual(requests, ['are you there'], 'once, and no question of anybody')
    await ask(pool)
    assert.deepEqual(requests, ['are you there', 'a question'], 'it is the first again')
  })
})

describe('a KDC', () => {
  it('is named by host or address, with a port or without', () => {
    assert.deepEqual(parseKdc('dc1.corp.test'), { host: 'dc1.corp.test', port: 88 })
    assert.deepEqual(parseKdc('10.0.0.1:1088'), { host: '10.0.0.1', port: 1088 })
    assert.deepEqual(parseKdc('[fd00::1]:88'), { host: 'fd00::1', port: 88 })
    for (const text of ['', 'a b', 'host:0', 'host:65536', 'http://host', 'fd00::1'])
      assert.equal(parseKdc(text), undefined)
  })

  it('is found in DNS by priority, then weight, and the last finding serves while DNS is silent', async () => {
    let nowMs = 0
    let isSilent = false
    const record = (name: string, priority: number, weight: number) => ({ name, port: 88, priority, weight })
    const resolve = async (name: string) => {
      assert.equal(name, '_kerberos._tcp.CORP.TEST')
      if (isSilent) throw new Error('SERVFAIL')
      return [record('far', 10, 0), record('light', 0, 1), record('', 0, 0), record('heavy', 0, 100)]
    }
    const locator = discoveredKdcs('CORP.TEST', () => nowMs, resolve)
    const hosts = async () => (await locator.addresses()).map(({ host }) => host)
    assert.deepEqual(await hosts(), ['heavy', 'light', 'far'])
    isSilent = true
    nowMs += 1_000_000
    assert.deepEqual(await hosts(), ['heavy', 'light', 'far'])
  })
})
