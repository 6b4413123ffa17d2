/**
 * Two workers on a store that takes no writes: whoever leaves has left, at both, and nobody comes back when there is
 * room again.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { Fault } from '../../src/errors.ts'
import type { Change } from '../../src/store/changes.ts'
import { openSessionLab, PERSON, type SessionLab } from './session-lab.ts'

const NO_TOKENS = { refreshToken: undefined, idToken: undefined }
const TIMES = { idleTimeoutSeconds: 3600, absoluteTimeoutSeconds: 36_000, cacheMs: 60_000, maxCached: 10 }

let lab: SessionLab
let isFull: boolean
let told: string[]

beforeEach(async () => {
  lab = await openSessionLab(TIMES)
  isFull = false
  told = []
  lab.changes.connect(change => {
    told.push(change.kind)
    lab.otherChanges.receive(change)
  })
  lab.otherChanges.connect(change => lab.changes.receive(change))
  for (const store of [lab.store, lab.otherStore])
    for (const name of ['deleteSession', 'deleteSessions', 'createSession'] as const) {
      const real = store[name].bind(store) as (argument: never) => never
      store[name] = (argument: never) => {
        if (isFull) throw new Fault('store-unavailable', new Error('database or disk is full'))
        return real(argument)
      }
    }
})
afterEach(() => lab.close())

const end = () => lab.sessions.settle(AbortSignal.timeout(5000))

test('one session ends at once for all, cached or not, and is deleted once there is room', async () => {
  const id = await lab.sessions.open(PERSON, NO_TOKENS)
  const session = await lab.sessions.find(id)
  assert.ok(session && (await lab.otherSessions.find(id)))
  isFull = true
  await lab.sessions.end(id)
  assert.equal(await lab.sessions.find(id), undefined)
  assert.equal(await lab.otherSessions.find(id), undefined)
  assert.equal(await lab.sessions.reread(session), false)
  assert.deepEqual(await lab.otherSessions.of([PERSON.accountKey]), [])
  assert.ok(await lab.store.readSession(session.record.key), 'the store has it still')
  isFull = false
  await end()
  assert.equal(await lab.store.readSession(session.record.key), undefined)
})

test('a process that begins later is told, too, for it is said again until it is stored', async () => {
  const id = await lab.sessions.open(PERSON, NO_TOKENS)
  isFull = true
  await lab.sessions.end(id)
  const before = told.length
  await eventually(() => told.length > before, 'it is said again')
  assert.equal(told.at(-1), 'session-ended')
  isFull = false
  await end()
})

test('where the process that was asked is gone, another one says it again', async () => {
  const id = await lab.sessions.open(PERSON, NO_TOKENS)
  isFull = true
  await lab.sessions.end(id)
  // As after a crash: it says nothing any more.
  await lab.sessions.settle(AbortSignal.abort())
  const late: Change[] = []
  lab.otherChanges.connect(change => late.push(change))
  lab.clock.advance(60_000)
  await eventually(() => late.some(({ kind }) => kind === 'session-ended'), 'the other one says it')
  for (const change of late) lab.otherChanges.receive(change)
  assert.equal(await lab.otherSessions.find(id), undefined)
  isFull = false
  await lab.otherSessions.settle(AbortSignal.timeout(5000))
})

test('nobody is told of what only came as a made-up key while the store is away', async () => {
  const late: Change[] = []
  lab.otherChanges.connect(change => late.push(change))
  isFull = true
  lab.otherSessions.endUnseen('a'.repeat(43))
  const id = await lab.otherSessions.open(PERSON, NO_TOKENS).catch(() => undefined)
  assert.equal(id, undefined)
  lab.clock.advance(60_000)
  await lab.otherSessions.settle(AbortSignal.timeout(1200))
  assert.deepEqual(
    late.filter(({ kind }) => kind === 'session-ended'),
    [],
  )
})

test('all sessions of a person end, and those of others go on', async () => {
  const ids = [await lab.sessions.open(PERSON, NO_TOKENS), await lab.otherSessions.open(PERSON, NO_TOKENS)]
  const bob = { ...PERSON, subject: 'subject-of-bob', account: 'bob', accountKey: storedAccountKey('bob') }
  const other = await lab.sessions.open(bob, NO_TOKENS)
  isFull = true
  const ended = await lab.sessions.endAll({ subject: PERSON.subject })
  assert.equal(ended.length, 2)
  for (const id of ids)
    for (const sessions of [lab.sessions, lab.otherSessions]) assert.equal(await sessions.find(id), undefined)
  assert.ok(await lab.otherSessions.find(other))
  assert.deepEqual(await lab.sessions.endAll({ subject: PERSON.subject }), [], 'nothing is ended twice')
  isFull = false
  await end()
  assert.deepEqual(await lab.store.sessionsOf({ subject: PERSON.subject }), [])
})

test('what a drained process could not store, the others do', async () => {
  const id = await lab.sessions.open(PERSON, NO_TOKENS)
  const key = (await lab.sessions.find(id))?.record.key ?? ''
  isFull = true
  await lab.sessions.end(id)
  await lab.sessions.settle(AbortSignal.abort())
  isFull = false
  await eventually(async () => (await lab.store.readSession(key)) === undefined, 'the other one deletes it')
})

test('a store that has lost its last writes brings back nobody who has left', async () => {
  const ids = [await lab.sessions.open(PERSON, NO_TOKENS), await lab.sessions.open(PERSON, NO_TOKENS)]
  const records = await lab.sessions.of([PERSON.accountKey])
  const [first = ''] = ids
  await lab.sessions.end(first)
  await lab.sessions.endAll({ subject: PERSON.subject })
  // A replica that did not have that yet is master now.
  for (const record of records) await lab.store.createSession(record)
  assert.ok(await lab.otherSessions.find(first), 'the store has it again')
  lab.changes.receive({ kind: 'missed' })
  for (const id of ids) assert.equal(await lab.sessions.find(id), undefined)
  await eventually(async () => (await lab.store.sessionsOf({ subject: PERSON.subject })).length === 0, 'deleted again')
  lab.otherChanges.receive({ kind: 'missed' })
  for (const id of ids) assert.equal(await lab.otherSessions.find(id), undefined)
})
