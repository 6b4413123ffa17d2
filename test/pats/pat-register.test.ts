import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { type AccountKey, storedAccountKey } from '../../src/account-key.ts'
import { Fault } from '../../src/errors.ts'
import { patFingerprints } from '../../src/pats/pat-fingerprints.ts'
import { judgePat } from '../../src/pats/pat-policy.ts'
import { PatRegister } from '../../src/pats/pat-register.ts'
import { PAT_SCHEMA, SqlitePatStore } from '../../src/pats/sqlite-pat-store.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const ADA = storedAccountKey('ada')
const BOB = storedAccountKey('bob')

const DAY_MS = 86_400_000
const START_MS = 1_800_000_000_000
const [older, newer] = [randomBytes(32), randomBytes(32)]
const directory = mkdtempSync(join(tmpdir(), 'torhaus-pats-'))
const databases: SqliteDatabase[] = []
after(() => {
  for (const database of databases) database.close()
  rmSync(directory, { recursive: true, force: true })
})

/** A register on a store of its own, with a clock to turn. */
function setUp() {
  const clock = { ms: START_MS }
  const database = new SqliteDatabase(join(directory, `${databases.length}.sqlite`), PAT_SCHEMA)
  databases.push(database)
  const store = new SqlitePatStore(database)
  const open = () =>
    new PatRegister(
      store,
      { cacheMs: 1000, maxCached: 100 },
      new Changes(),
      bothClocks(() => clock.ms),
    )
  return { clock, store, open, register: open() }
}

const use = (network = '192.0.2.1/32', accountKey: AccountKey | undefined = ADA) =>
  ({ network, accountKey, clientClass: 'git' }) as const

test('a fingerprint is the same for the same token and key, and tells nothing of either', () => {
  const [one] = patFingerprints([newer]).of('token')
  assert.deepEqual(patFingerprints([newer]).of('token'), [one])
  assert.match(one ?? '', /^[\w-]{28}$/)
  assert.notDeepEqual(patFingerprints([older]).of('token'), [one])
  assert.notDeepEqual(patFingerprints([newer]).of('other'), [one])
})

test('a token known under an older key is moved to the newest when it is seen, with its history, in the store and in the account', async () => {
  const { register, store, clock, open } = setUp()
  const before = patFingerprints([older]).of('token')
  await register.see(before, use())
  clock.ms += DAY_MS
  const rotated = patFingerprints([newer, older]).of
  const [fresh = '', stale = ''] = rotated('token')
  assert.equal(stale, before[0])
  assert.equal(await register.see(rotated('token'), use()), undefined)
  assert.deepEqual(await register.find(rotated('token')), {
    ...{ fingerprint: fresh, accountKey: ADA, firstSeenAtMs: START_MS, lastSeenAtMs: clock.ms, isBlocked: false },
    networks: [{ network: '192.0.2.1/32', lastSeenAtMs: clock.ms }],
    clientClasses: ['git'],
  })
  assert.equal(store.readPat(stale), undefined)
  assert.equal(await register.see(rotated('new token'), use()), 'first_seen')
  assert.equal((await register.of([ADA])).length, 2)
  assert.equal((await open().find(patFingerprints([newer]).of('token')))?.firstSeenAtMs, START_MS)
})

test('uses within a minute are recorded as one; what they tell beside the time is recorded at once', async () => {
  const { register, clock } = setUp()
  const pat = patFingerprints([newer]).of('busy token')
  const seen = async () => {
    const { lastSeenAtMs, networks, clientClasses, accountKey } = (await register.find(pat)) ?? assert.fail('not known')
    return {
      afterMs: lastSeenAtMs - START_MS,
      networks: networks.map(({ network }) => network),
      clientClasses,
      accountKey,
    }
  }
  const one = { networks: ['192.0.2.1/32'], clientClasses: ['git'], accountKey: undefined }
  await register.see(pat, { ...use(), accountKey: undefined })
  clock.ms += 59_999
  assert.equal(await register.see(pat, { ...use(), accountKey: undefined }), undefined)
  assert.deepEqual(await seen(), { ...one, afterMs: 0 })
  assert.equal(await register.see(pat, use()), undefined)
  assert.deepEqual(await seen(), { ...one, accountKey: ADA, afterMs: 59_999 })
  assert.equal(await register.see(pat, { ...use(), clientClass: 'rest' }), undefined)
  assert.equal(await register.see(pat, use('198.51.100.7/32')), 'new_network')
  const all = { networks: ['192.0.2.1/32', '198.51.100.7/32'], clientClasses: ['git', 'rest'], accountKey: ADA }
  assert.deepEqual(await seen(), { ...all, afterMs: 59_999 })
  clock.ms += 60_000
  await register.see(pat, use('198.51.100.7/32'))
  assert.deepEqual(await seen(), { ...all, networks: all.networks.toReversed(), afterMs: 119_999 })
})

test('a use that tells nothing new is not written within a minute, also by a process that has only read of it', async () => {
  const { register, open, store, clock } = setUp()
  const pat = patFingerprints([newer]).of('agent')
  await register.see(pat, use())
  await register.flush()
  clock.ms += 30_000
  const other = open()
  await other.see(pat, use())
  await other.flush()
  assert.equal(store.readPat(pat[0] ?? '')?.lastSeenAtMs, START_MS)
  clock.ms += 30_000
  await other.see(pat, use())
  await other.flush()
  assert.equal(store.readPat(pat[0] ?? '')?.lastSeenAtMs, START_MS + 60_000)
})

test('what many tokens have waiting is written in pieces, between which others have their turn', async () => {
  const { register, store } = setUp()
  const pieces: number[] = []
  const recordUses = store.recordUses.bind(store)
  store.recordUses = uses => {
    const piece = [...uses]
    pieces.push(piece.length)
    return recordUses(piece)
  }
  for (let index = 0; index < 450; index++) await register.see(patFingerprints([newer]).of(`token ${index}`), use())
  const flushed = register.flush()
  // Seen while it is written: that waits for the next time.
  await register.see(patFingerprints([newer]).of('late'), use())
  await flushed
  assert.deepEqual(pieces, [200, 200, 50])
  assert.equal((await register.of([ADA])).length, 451)
})

test('a blocked token stays blocked when its key goes, if it was tried while both were there, even with a trace left behind', async () => {
  const { register, open, clock } = setUp()
  const [stale = ''] = patFingerprints([older]).of('token')
  await register.see([stale], use())
  await register.block([ADA], stale, true)
  const both = patFingerprints([newer, older]).of('token')
  assert.equal((await register.find(both))?.isBlocked, true)
  // Another worker, without the new key yet, notes one more use under the old fingerprint.
  const behind = open()
  await behind.see([stale], use('10.0.0.1/32'))
  await behind.flush()
  clock.ms += 1001
  const known = await open().find(both)
  assert.equal(known?.isBlocked, true)
  assert.equal(known?.networks.length, 2)
  assert.equal((await register.of([ADA])).length, 1)
  assert.equal((await open().find(patFingerprints([newer]).of('token')))?.isBlocked, true)
})

test('a block under the old fingerprint counts, whatever is known under the new one', async () => {
  const { register, open } = setUp()
  const both = patFingerprints([newer, older]).of('token')
  const [fresh = '', stale = ''] = both
  await register.see([fresh], use())
  await register.see([stale], use())
  await register.block([ADA], stale, true)
  assert.equal((await open().find(both))?.isBlocked, true)
  assert.deepEqual(
    (await open().of([ADA])).map(({ fingerprint }) => fingerprint),
    [fresh],
  )
})

test('with several keys a request waits for nothing that is cached, and an older fingerprint without a record is not read each time', async () => {
  const { store, clock } = setUp()
  let reads = 0
  // As Redis answers.
  const remote = Object.assign(Object.create(store), {
    readPat: async (fingerprint: string) => {
      reads++
      return store.readPat(fingerprint)
    },
  })
  const settings = { cacheMs: 1000, maxCached: 100 }
  const register = new PatRegister(
    remote,
    settings,
    new Changes(),
    bothClocks(() => clock.ms),
  )
  const { of } = patFingerprints([newer, older])
  assert.equal(await register.find(of('token')), undefined)
  assert.equal(reads, 2)
  assert.equal(register.find(of('token')), undefined)
  assert.equal(reads, 2)
})

test('what cannot be moved while the store is away counts as it was read, a block under either fingerprint too', async () => {
  const { store, open } = setUp()
  const both = patFingerprints([newer, older]).of('token')
  const [fresh = '', stale = ''] = both
  const first = open()
  await first.see([fresh], use())
  await first.see([stale], use('10.0.0.1/32'))
  await first.block([ADA], stale, true)
  store.movePat = () => {
    throw new Fault('store-unavailable')
  }
  const known = await open().find(both)
  assert.deepEqual([known?.fingerprint, known?.isBlocked, known?.networks.length], [fresh, true, 2])
})

test('blocked tokens that nobody could recognise any more are counted, and no others', async () => {
  const { register } = setUp()
  for (const [keys, token] of [
    [older, 'blocked'],
    [older, 'allowed'],
    [newer, 'blocked later'],
  ] as const) {
    const fingerprints = patFingerprints([keys]).of(token)
    await register.see(fingerprints, use())
    if (token !== 'allowed') await register.block([ADA], fingerprints[0] ?? '', true)
  }
  const count = (keys: readonly Buffer[]) => {
    const known = patFingerprints(keys)
    return register.countUnrecognised(fingerprint => known.isRecognisable(fingerprint))
  }
  const keySets = [[newer, older], [newer], [older], [randomBytes(32)]]
  assert.deepEqual(await Promise.all(keySets.map(count)), [0, 1, 1, 2])
  await register.find(patFingerprints([newer, older]).of('blocked'))
  assert.equal(await count([newer]), 0)
})

test('what was seen is known at once, in the store only after a flush, and there for another worker', async () => {
  const { clock, store, open, register } = setUp()
  assert.equal(await register.see(['f'], use()), 'first_seen')
  clock.ms += DAY_MS
  assert.equal(await register.see(['f'], use('10.0.0.1/32')), 'new_network')
  assert.equal(await register.see(['f'], use('10.0.0.1/32', undefined)), undefined)
  assert.equal(store.readPat('f'), undefined)
  const known = await register.find(['f'])
  await register.flush()
  assert.deepEqual(await open().find(['f']), known)
  assert.deepEqual(known, {
    ...{ fingerprint: 'f', accountKey: ADA, firstSeenAtMs: START_MS, lastSeenAtMs: clock.ms, isBlocked: false },
    networks: [
      { network: '10.0.0.1/32', lastSeenAtMs: clock.ms },
      { network: '192.0.2.1/32', lastSeenAtMs: START_MS },
    ],
    clientClasses: ['git'],
  })
})

test('of many networks the last 8 are kept, and of many tokens the newest, with the blocked ones', async () => {
  const { clock, store, register } = setUp()
  for (let index = 0; index < 10; index++) {
    clock.ms += 1000
    await register.see(['f'], use(`10.0.0.${index}/32`))
    await register.see([`g${index}`], use())
  }
  const networks = (await register.find(['f']))?.networks.map(({ network }) => network)
  assert.deepEqual([networks?.length, networks?.[0], networks?.[7]], [8, '10.0.0.9/32', '10.0.0.2/32'])
  assert.ok(await register.block([ADA], 'g0', true))
  await register.sweep(clock.ms, 3)
  assert.deepEqual(
    store
      .patsOf(ADA)
      .map(({ fingerprint }) => fingerprint)
      .sort(),
    ['f', 'g0', 'g9'],
  )
  clock.ms += 401 * DAY_MS
  await register.sweep(clock.ms)
  assert.deepEqual(
    store.patsOf(ADA).map(({ fingerprint }) => fingerprint),
    ['g0'],
  )
})

test('only its own account blocks a token, and a later use does not allow it again', async () => {
  const { clock, open, register } = setUp()
  await register.see(['f'], use())
  assert.equal(await register.block([BOB], 'f', true), false)
  assert.equal((await register.find(['f']))?.isBlocked, false)
  const worker = open()
  assert.equal((await worker.find(['f']))?.isBlocked, false)
  assert.equal(await register.block([ADA], 'f', true), true)
  assert.equal(await register.block([ADA], 'f', true), false)
  assert.equal((await register.find(['f']))?.isBlocked, true)
  clock.ms += 1001
  assert.equal((await worker.find(['f']))?.isBlocked, true)
  await worker.see(['f'], use('10.0.0.1/32'))
  await worker.flush()
  assert.equal((await open().find(['f']))?.isBlocked, true)
})

test('the policy says what speaks against a use, a block above all, and nothing against what it does not know', async () => {
  const { clock, register } = setUp()
  await register.see(['f'], use())
  const judge = async (settings: object, network = '192.0.2.1/32') =>
    judgePat(await register.find(['f']), network, { refuseNewNetwork: false, reportOnly: false, ...settings }, clock.ms)
  assert.equal(await judge({ refuseNewNetwork: true }, '10.0.0.1/32'), undefined, 'on its first day')
  clock.ms += 3 * DAY_MS
  assert.equal(await judge({ refuseNewNetwork: true }, '10.0.0.1/32'), 'pat-new-network')
  assert.equal(await judge({}, '10.0.0.1/32'), undefined)
  assert.equal(await judge({ refuseNewNetwork: true, maxUnseenDays: 3, maxAgeDays: 3 }), undefined)
  assert.equal(await judge({ maxUnseenDays: 2 }), 'pat-unseen-too-long')
  await register.see(['f'], use())
  assert.equal(await judge({ maxUnseenDays: 2 }), undefined)
  assert.equal(await judge({ maxAgeDays: 2 }), 'pat-too-old')
  await register.block([ADA], 'f', true)
  assert.equal(await judge({ maxAgeDays: 2 }), 'pat-blocked')
  assert.equal(judgePat(undefined, 'x', { refuseNewNetwork: true, reportOnly: false }, clock.ms), undefined)
})
