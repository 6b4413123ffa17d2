/** What is handed over from host to host, on every store: each runs these tests. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { HandOvers } from '../../src/session/hand-overs.ts'
import { keyOf, newOpaqueId } from '../../src/session/opaque-id.ts'
import { Sealer } from '../../src/session/sealer.ts'
import type { OpenStores } from './store-contract.ts'

const MOST_PER_BROWSER = 2
const SESSION = { sessionId: 'the id of a session', returnTo: '/page?a=b' }

/** `nowMs`: by the clock of the stores. */
export function testHandOvers(open: () => Promise<OpenStores>, nowMs: number): void {
  const key = randomBytes(32)
  let now = nowMs
  /** As two workers have them. */
  async function withBoth(
    use: (one: HandOvers, other: HandOvers, stores: OpenStores['stores']) => Promise<void>,
  ): Promise<void> {
    now = nowMs
    const { stores, close } = await open()
    const [one, other] = stores.map(store => new HandOvers(new Sealer([key]), store, MOST_PER_BROWSER, () => now))
    assert.ok(one !== undefined && other !== undefined)
    await use(one, other, stores).finally(close)
  }

  test('what one worker hands over, another one takes, once, for the browser it is for', () =>
    withBoth(async (one, other) => {
      const [code, browser] = [newOpaqueId(), newOpaqueId()]
      await one.giveSession(code, keyOf(browser), SESSION)
      assert.deepEqual(await other.takeSession(code, browser), SESSION)
      for (const worker of [one, other]) assert.equal(await worker.takeSession(code, browser), undefined)
    }))

  test('two workers that are asked at once hand it over once', () =>
    withBoth(async (one, other) => {
      const [code, browser] = [newOpaqueId(), newOpaqueId()]
      await one.giveSession(code, keyOf(browser), SESSION)
      const taken = await Promise.all([one, other, one, other].map(worker => worker.takeSession(code, browser)))
      assert.equal(taken.filter(each => each !== undefined).length, 1)
    }))

  test('another browser, or none, gets nothing, and spends it', () =>
    withBoth(async (one, other) => {
      for (const stranger of [newOpaqueId(), undefined]) {
        const [code, browser] = [newOpaqueId(), newOpaqueId()]
        await one.giveSession(code, keyOf(browser), SESSION)
        assert.equal(await other.takeSession(code, stranger), undefined)
        assert.equal(await one.takeSession(code, browser), undefined)
      }
    }))

  test('after a minute it is gone, and of one browser so many are kept as it may have sign-ins', () =>
    withBoth(async (one, other) => {
      const [code, browser] = [newOpaqueId(), newOpaqueId()]
      await one.giveSession(code, keyOf(browser), SESSION)
      now += 60_001
      assert.equal(await other.takeSession(code, browser), undefined)
      now = nowMs
      const codes = [newOpaqueId(), newOpaqueId(), newOpaqueId()]
      for (const each of codes) await one.giveSession(each, keyOf(browser), SESSION)
      const taken = []
      for (const each of codes) taken.push((await other.takeSession(each, browser)) !== undefined)
      assert.deepEqual(taken, [false, true, true])
    }))

  test('a way is no session, a session no way, and each way is good once', () =>
    withBoth(async (one, other) => {
      const [way, session, browser] = [newOpaqueId(), newOpaqueId(), newOpaqueId()]
      await one.giveWay(way, 'https://op.example/end?id_token_hint=x')
      assert.equal(await other.takeWay(way), 'https://op.example/end?id_token_hint=x')
      assert.equal(await other.takeWay(way), undefined)
      await one.giveWay(way, 'https://op.example/')
      assert.equal(await other.takeSession(way, way), undefined)
      await one.giveSession(session, keyOf(browser), SESSION)
      assert.equal(await other.takeWay(session), undefined)
      assert.equal(await other.takeWay(''), undefined)
    }))

  test('the store knows neither the session nor the way', () =>
    withBoth(async (one, _, stores) => {
      const [code, way] = [newOpaqueId(), newOpaqueId()]
      await one.giveSession(code, keyOf('browser'), SESSION)
      await one.giveWay(way, 'https://op.example/')
      const kept = JSON.stringify([await stores[0].takeSignIn(code), await stores[0].takeSignIn(way)])
      assert.match(kept, /"codeVerifier":"v1\./)
      assert.doesNotMatch(kept, /the id of a session|op\.example/)
    }))
}
