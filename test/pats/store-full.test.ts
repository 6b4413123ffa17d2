/**
 * A token is blocked, and a confirmation withdrawn, on a store that takes no writes, or loses its last ones: that counts
 * at every process, and in the store once it can.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { Fault } from '../../src/errors.ts'
import type { PatScope } from '../../src/pats/pat-confirmation-store.ts'
import { PatConfirmations } from '../../src/pats/pat-confirmations.ts'
import { PatRegister } from '../../src/pats/pat-register.ts'
import { PAT_CONFIRMATION_SCHEMA, SqlitePatConfirmationStore } from '../../src/pats/sqlite-pat-confirmation-store.ts'
import { PAT_SCHEMA, SqlitePatStore } from '../../src/pats/sqlite-pat-store.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const ADA = storedAccountKey('ada')
const NETWORK = '192.0.2.0/24'
const SCOPE: PatScope = { accountKey: ADA, fingerprint: 'token', network: NETWORK }
const PLACE = { clientAddress: '192.0.2.7', clientClass: 'git' } as const
const SETTINGS = { cacheMs: 60_000, maxCached: 10, requestLifetimeSeconds: 600 }

let nowMs: number
let database: SqliteDatabase
let [store, said]: readonly [SqlitePatStore, SqlitePatConfirmationStore] = [] as never
let registers: readonly PatRegister[]
let confirmations: readonly PatConfirmations[]
let isFull: boolean
let changes: readonly [Changes, Changes]

beforeEach(() => {
  nowMs = 1_800_000_000_000
  isFull = false
  database = SqliteDatabase.inMemory(PAT_SCHEMA + PAT_CONFIRMATION_SCHEMA)
  const write = database.write.bind(database)
  database.write = work => {
    if (isFull) throw new Fault('store-unavailable', new Error('database or disk is full'))
    return write(work)
  }
  store = new SqlitePatStore(database)
  said = new SqlitePatConfirmationStore(database)
  const all = [new Changes(), new Changes()] as const
  changes = all
  all[0].connect(change => all[1].receive(change))
  all[1].connect(change => all[0].receive(change))
  const clocks = bothClocks(() => nowMs)
  registers = all.map(changes => new PatRegister(store, SETTINGS, changes, clocks))
  confirmations = all.map(changes => new PatConfirmations(said, SETTINGS, changes, clocks))
})
afterEach(() => database.close())

/** As a replica that becomes master, or an older copy of the file. */
function loseLastWrites(): void {
  database.run('DELETE FROM pat_decision')
  database.run('DELETE FROM pat_confirmation')
  database.run('UPDATE pat SET is_blocked = 0')
  for (const each of changes) each.receive({ kind: 'missed' })
}
const settled = () => Promise.all([...registers, ...confirmations].map(each => each.settle(AbortSignal.timeout(5000))))

const blocked = () => Promise.all(registers.map(async register => (await register.find(['token']))?.isBlocked))
const withdrawn = () =>
  Promise.all(confirmations.map(async each => (await each.said(ADA, ['token'], NETWORK))?.isWithdrawn))

test('a block counts at once at every process, and the store has it once there is room', async () => {
  const [one, other] = registers as [PatRegister, PatRegister]
  await one.see(['token'], { network: NETWORK, clientClass: 'git', accountKey: ADA })
  await one.flush()
  assert.deepEqual(await blocked(), [false, false])
  isFull = true
  // What was seen meanwhile cannot be written: the page shows tokens all the same.
  nowMs += 7_200_000
  await one.see(['token'], { network: '198.51.100.0/24', clientClass: 'git', accountKey: ADA })
  assert.equal(await one.block([storedAccountKey('bob')], 'token', true), false, 'the token of somebody else')
  assert.equal(await one.block([ADA], 'made up', true), false)
  assert.equal(await one.block([ADA], 'token', true), true)
  assert.equal(await other.block([ADA], 'token', true), true)
  assert.deepEqual(await blocked(), [true, true])
  for (const register of registers)
    assert.deepEqual(
      (await register.of([ADA])).map(({ isBlocked }) => isBlocked),
      [true],
    )
  await assert.rejects(one.block([ADA], 'token', false), { code: 'store-unavailable' })
  isFull = false
  await eventually(() => store.readPat('token')?.isBlocked === true, 'the store has it')
  await one.settle(AbortSignal.timeout(5000))
  assert.equal(await one.block([ADA], 'token', false), true, 'it can be allowed again')
  await other.settle(AbortSignal.timeout(5000))
})

for (const way of ['withdraw', 'refuse'] as const)
  test(`to ${way} counts at once at every process, and the store has it once there is room`, async () => {
    const [one, other] = confirmations as [PatConfirmations, PatConfirmations]
    const { request } = await one.ask(SCOPE, PLACE)
    if (way === 'withdraw') assert.equal(await one.confirm(request, ADA), true)
    const before = way === 'withdraw' ? false : undefined
    assert.deepEqual(await withdrawn(), [before, before])
    isFull = true
    nowMs += 1000
    if (way === 'withdraw') await one.withdraw(SCOPE)
    else assert.equal(await one.refuse(request), true)
    assert.deepEqual(await withdrawn(), [true, true])
    if (way === 'withdraw')
      assert.deepEqual(
        (await other.of(ADA)).map(({ isWithdrawn }) => isWithdrawn),
        [true],
      )
    isFull = false
    await eventually(() => said.confirmationsFor('token')[0]?.isWithdrawn === true, 'the store has it')
    await Promise.all(confirmations.map(each => each.settle(AbortSignal.timeout(5000))))
    assert.deepEqual(await withdrawn(), [true, true])
  })

test('a withdrawal takes back what was confirmed before the clock was set back, too', async () => {
  const [one] = confirmations as [PatConfirmations]
  const { request } = await one.ask(SCOPE, PLACE)
  assert.equal(await one.confirm(request, ADA), true)
  nowMs -= 3_600_000
  isFull = true
  await one.withdraw(SCOPE)
  assert.deepEqual(await withdrawn(), [true, true])
  isFull = false
  await Promise.all(confirmations.map(each => each.settle(AbortSignal.timeout(5000))))
  assert.equal(said.confirmationsFor('token')[0]?.isWithdrawn, true)
  assert.deepEqual(await withdrawn(), [true, true])
})

test('what was decided later in the store is not taken back by a withdrawal that comes late', async () => {
  const [one] = confirmations as [PatConfirmations]
  isFull = true
  await one.withdraw(SCOPE)
  isFull = false
  said.keepConfirmation({ ...SCOPE, isWithdrawn: false, decidedAtMs: nowMs + 1000, expiresAtMs: nowMs + 600_000 })
  await Promise.all(confirmations.map(each => each.settle(AbortSignal.timeout(5000))))
  assert.deepEqual(await withdrawn(), [false, false])
})

test('a token that is allowed while its block waits for room in the store passes from then on', async () => {
  const [one] = registers as [PatRegister]
  await one.see(['token'], { network: NETWORK, clientClass: 'git', accountKey: ADA })
  await one.flush()
  isFull = true
  assert.equal(await one.block([ADA], 'token', true), true)
  isFull = false
  assert.equal(await one.block([ADA], 'token', false), true, 'so that it is audited')
  assert.equal((await one.find(['token']))?.isBlocked, false)
  await settled()
  assert.equal(store.readPat('token')?.isBlocked, false)
  assert.deepEqual(await blocked(), [false, false])
})

test('a block that the store has lost with its last writes is made again', async () => {
  const [one] = registers as [PatRegister]
  await one.see(['token'], { network: NETWORK, clientClass: 'git', accountKey: ADA })
  assert.equal(await one.block([ADA], 'token', true), true)
  loseLastWrites()
  assert.equal((await one.find(['token']))?.isBlocked, true, 'at once where it was made')
  await settled()
  assert.equal(store.readPat('token')?.isBlocked, true)
  assert.deepEqual(await blocked(), [true, true])
})

/** One process blocks a token, and the store loses all that it knew of it. */
async function blockThenLose(one: PatRegister): Promise<void> {
  await one.see(['token'], { network: NETWORK, clientClass: 'git', accountKey: ADA })
  assert.equal(await one.block([ADA], 'token', true), true)
  database.run('DELETE FROM pat')
  loseLastWrites()
}

test('so is the block of a token whose record is lost, too', async () => {
  const [one] = registers as [PatRegister]
  await blockThenLose(one)
  await settled()
  assert.deepEqual(await blocked(), [true, true])
})

test('a block counts before the store has it, also where the record is lost and under the fingerprint of a newer key', async () => {
  const [one] = registers as [PatRegister]
  await blockThenLose(one)
  isFull = true
  for (const fingerprints of [['token'], ['newer', 'token']])
    assert.equal((await one.find(fingerprints))?.isBlocked, true, fingerprints.join())
  isFull = false
  await settled()
  assert.equal(await one.block([ADA], 'token', false), true)
  isFull = true
  assert.equal(await one.block([ADA], 'token', true), true)
  assert.equal((await one.find(['newer', 'token']))?.isBlocked, true)
  isFull = false
  await settled()
  assert.equal((await one.find(['newer', 'token']))?.isBlocked, true)
})

test('a block is not made again once the token was allowed, whoever asked for that', async () => {
  const [one, other] = registers as [PatRegister, PatRegister]
  await one.see(['token'], { network: NETWORK, clientClass: 'git', accountKey: ADA })
  for (const allowing of [one, other]) {
    assert.equal(await one.block([ADA], 'token', true), true)
    assert.equal(await allowing.block([ADA], 'token', false), true)
    for (const each of changes) each.receive({ kind: 'missed' })
    await eventually(async () => (await blocked()).every(isBlocked => isBlocked === false), 'both let it pass')
  }
  await settled()
  assert.equal(store.readPat('token')?.isBlocked, false)
})

for (const way of ['withdraw', 'refuse'] as const)
  test(`to ${way} counts again where the store has lost it, until it is confirmed anew`, async () => {
    const [one, other] = confirmations as [PatConfirmations, PatConfirmations]
    const { request } = await one.ask(SCOPE, PLACE)
    if (way === 'withdraw') await one.withdraw(SCOPE)
    else assert.equal(await one.refuse(request), true)
    loseLastWrites()
    assert.equal((await one.said(ADA, ['token'], NETWORK))?.isWithdrawn, true, 'at once where it was said')
    await eventually(async () => (await withdrawn()).every(isWithdrawn => isWithdrawn === true), 'both know')
    const { request: anew } = await other.ask(SCOPE, PLACE)
    assert.equal(await other.confirm(anew, ADA), true)
    for (const each of changes) each.receive({ kind: 'missed' })
    await settled()
    assert.deepEqual(await withdrawn(), [false, false])
  })
