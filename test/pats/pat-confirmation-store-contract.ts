/** What every store of confirmations of tokens must do: each implementation runs these tests. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { storedAccountKey } from '../../src/account-key.ts'
import type { PatConfirmation, PatConfirmationStore, PatRequest } from '../../src/pats/pat-confirmation-store.ts'

export interface OpenPatConfirmationStores {
  /** Two on the same data, as two workers have them. */
  readonly stores: readonly [PatConfirmationStore, PatConfirmationStore]
  close(): Promise<void>
}

const NOW_MS = 1_800_000_000_000
const LIFETIME_MS = 900_000
const SCOPE = { accountKey: storedAccountKey('CORP\\ädä'), fingerprint: 'token-1', network: '2001:db8::/56' }
const BOB = storedAccountKey('bob')

const request = (change: Partial<PatRequest> = {}): PatRequest => ({
  ...{ ...SCOPE, code: 'BCDFGHJK', clientAddress: '2001:db8::7', clientClass: 'git' },
  ...{ createdAtMs: NOW_MS, expiresAtMs: NOW_MS + LIFETIME_MS },
  ...change,
})

const decision = (change: Partial<PatConfirmation> = {}): PatConfirmation => ({
  ...{ ...SCOPE, isWithdrawn: false, decidedAtMs: NOW_MS, expiresAtMs: NOW_MS + 86_400_000 },
  ...change,
})

const codeOf = (number: number) => `CODE${String(number).padStart(4, '0')}`

export function testPatConfirmationStore(open: () => Promise<OpenPatConfirmationStores>): void {
  let opened: OpenPatConfirmationStores
  let [one, other]: readonly [PatConfirmationStore, PatConfirmationStore] = [] as never
  beforeEach(async () => {
    opened = await open()
    ;[one, other] = opened.stores
  })
  afterEach(() => opened.close())

  const networksOf = async (fingerprint: string) =>
    (await other.confirmationsFor(fingerprint)).map(({ network }) => network).sort()

  test('a request opened by one is read by the other, by its code and by its account, every member as it was', async () => {
    assert.deepEqual(await one.openRequest(request(), NOW_MS), request())
    assert.deepEqual(await other.readRequest('BCDFGHJK'), request())
    assert.deepEqual(await other.requestsOf(SCOPE.accountKey), [request()])
    assert.deepEqual(await other.requestsOf(BOB), [])
    assert.equal(await other.readRequest('ZZZZZZZZ'), undefined)
  })

  test('a second request of the same scope gets the open one, and a new one once that has expired', async () => {
    await one.openRequest(request(), NOW_MS)
    assert.deepEqual(await other.openRequest(request({ code: 'SECOND22' }), NOW_MS + 1), request())
    assert.equal(await one.readRequest('SECOND22'), undefined)
    const late = request({ code: 'THRDTHRD', expiresAtMs: NOW_MS + 2 * LIFETIME_MS })
    assert.deepEqual(await other.openRequest(late, NOW_MS + LIFETIME_MS), late)
    for (const change of [{ fingerprint: 'token-2' }, { network: '10.0.0.0/8' }, { accountKey: BOB }]) {
      const own = request({ ...change, code: `FRTH${Object.keys(change)[0]?.slice(0, 4).toUpperCase()}` })
      assert.deepEqual(await one.openRequest(own, NOW_MS + LIFETIME_MS), own)
    }
  })

  test('a request is confirmed once, by one of two that try', async () => {
    await one.openRequest(request(), NOW_MS)
    const outcomes = await Promise.all([one, other].map(store => store.confirm('BCDFGHJK', decision())))
    assert.deepEqual([...outcomes].sort(), [false, true])
    assert.deepEqual(await other.confirmationsFor('token-1'), [decision()])
    assert.equal(await other.readRequest('BCDFGHJK'), undefined)
    assert.deepEqual(await other.requestsOf(SCOPE.accountKey), [])
    assert.equal(await one.confirm('ZZZZZZZZ', decision({ fingerprint: 'token-9' })), false)
    assert.deepEqual(await other.confirmationsFor('token-9'), [])
  })

  test('what was decided last counts, for one token, network and account', async () => {
    await one.keepConfirmation(decision())
    await one.keepConfirmation(decision({ network: '10.0.0.0/8' }))
    await one.keepConfirmation(decision({ accountKey: BOB, isWithdrawn: true }))
    const withdrawn = decision({ isWithdrawn: true, decidedAtMs: NOW_MS + 5 })
    await other.keepConfirmation(withdrawn)
    const all = await one.confirmationsFor('token-1')
    assert.equal(all.length, 3)
    assert.deepEqual(
      all.find(({ accountKey, network }) => accountKey === SCOPE.accountKey && network === SCOPE.network),
      withdrawn,
    )
    assert.deepEqual(await one.confirmationsOf(SCOPE.accountKey), [withdrawn, decision({ network: '10.0.0.0/8' })])
  })

  test('one that comes late takes the place of none that was made later', async () => {
    const withdrawn = decision({ isWithdrawn: true, decidedAtMs: NOW_MS + 5 })
    await one.keepConfirmation(withdrawn)
    await other.keepConfirmation(decision(), true)
    assert.deepEqual(await one.confirmationsFor('token-1'), [withdrawn])
    assert.deepEqual(await one.confirmationsOf(SCOPE.accountKey), [withdrawn])
    const latest = decision({ decidedAtMs: NOW_MS + 6 })
    await other.keepConfirmation(latest, true)
    assert.deepEqual(await one.confirmationsFor('token-1'), [latest])
  })

  test('decisions move to another fingerprint, and the later one counts where both have one', async () => {
    const later = { decidedAtMs: NOW_MS + 5 }
    await one.keepConfirmation(decision({ fingerprint: 'old' }))
    await one.keepConfirmation(decision({ fingerprint: 'old', network: '10.0.0.0/8', ...later }))
    await one.keepConfirmation(decision({ fingerprint: 'new', isWithdrawn: true, ...later }))
    await one.keepConfirmation(decision({ fingerprint: 'new', network: '10.0.0.0/8', isWithdrawn: true }))
    await other.moveConfirmations('old', 'new')
    assert.deepEqual(await networksOf('old'), [])
    const moved = new Map((await one.confirmationsFor('new')).map(known => [known.network, known.isWithdrawn]))
    assert.deepEqual([moved.size, moved.get(SCOPE.network), moved.get('10.0.0.0/8')], [2, true, false])
    assert.deepEqual(
      new Set((await one.confirmationsOf(SCOPE.accountKey)).map(known => known.fingerprint)),
      new Set(['new']),
    )
  })

  test('an account has 100 requests at most, and 500 decisions: the oldest makes room, and others lose nothing', async () => {
    await one.keepConfirmation(decision({ accountKey: BOB }))
    for (let index = 0; index <= 100; index++) {
      const own = { code: codeOf(index), network: `10.0.${index}.0/24`, createdAtMs: NOW_MS + index }
      await (index % 2 ? one : other).openRequest(request(own), NOW_MS)
    }
    assert.equal((await one.requestsOf(SCOPE.accountKey)).length, 100)
    assert.equal(await one.readRequest(codeOf(0)), undefined)
    for (let index = 0; index <= 500; index++)
      await one.keepConfirmation(decision({ network: `10.${index}.0.0/16`, decidedAtMs: NOW_MS + index }))
    const kept = await other.confirmationsOf(SCOPE.accountKey)
    assert.deepEqual([kept.length, kept[0]?.network, kept.at(-1)?.network], [500, '10.500.0.0/16', '10.1.0.0/16'])
    assert.equal((await other.confirmationsFor('token-1')).length, 501)
    assert.equal((await other.confirmationsOf(BOB)).length, 1)
  })

  test('what is asked and decided last makes no room, also where the clock was set back', async () => {
    const early = NOW_MS - 3_600_000
    for (let index = 0; index < 100; index++)
      await one.openRequest(
        request({ code: codeOf(index), network: `10.0.${index}.0/24`, createdAtMs: NOW_MS + index }),
        NOW_MS,
      )
    const last = request({ code: codeOf(100), network: '10.0.100.0/24', createdAtMs: early })
    await other.openRequest(last, NOW_MS)
    assert.deepEqual(await one.readRequest(codeOf(100)), last)
    assert.equal(await one.readRequest(codeOf(0)), undefined)
    for (let index = 0; index < 500; index++)
      await one.keepConfirmation(decision({ network: `10.${index}.0.0/16`, decidedAtMs: NOW_MS + index }))
    await other.keepConfirmation(decision({ network: '10.500.0.0/16', decidedAtMs: early, isWithdrawn: true }))
    const kept = await one.confirmationsOf(SCOPE.accountKey)
    assert.deepEqual(
      [kept.length, kept.at(-2)?.network, kept.at(-1)?.network, kept.at(-1)?.isWithdrawn],
      [500, '10.1.0.0/16', '10.500.0.0/16', true],
    )
  })

  test('what has expired is gone after the sweep, or counts no more', async () => {
    await one.openRequest(request(), NOW_MS)
    await one.keepConfirmation(decision())
    await one.sweepConfirmations(NOW_MS + LIFETIME_MS - 1)
    assert.deepEqual(await other.readRequest('BCDFGHJK'), request())
    await one.sweepConfirmations(NOW_MS + 100 * 86_400_000)
    const isOver = ({ expiresAtMs }: { readonly expiresAtMs: number }) => expiresAtMs <= NOW_MS + 86_400_000
    assert.ok((await other.confirmationsFor('token-1')).every(isOver))
    assert.ok([(await other.readRequest('BCDFGHJK')) ?? request()].every(isOver))
  })
}
