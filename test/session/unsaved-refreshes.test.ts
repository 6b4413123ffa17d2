/**
 * What the OP gave and the store did not take: kept, handed over, stored by whoever can, and never over something
 * newer.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { Fault } from '../../src/errors.ts'
import type { Change } from '../../src/store/changes.ts'
import { openSessionLab, PERSON, type SessionLab } from './session-lab.ts'

const FRESH = { refreshToken: 'second', idToken: undefined }
let lab: SessionLab
let id: string
let key: string

beforeEach(async () => {
  lab = await openSessionLab({ idleTimeoutSeconds: 3600, absoluteTimeoutSeconds: 36_000, cacheMs: 0, maxCached: 9 })
  id = await lab.sessions.open(PERSON, { refreshToken: 'first', idToken: undefined })
  key = (await lab.sessions.find(id))?.record.key ?? ''
  lab.clock.advance(1000)
})
afterEach(() => lab.close())

function breakStore(): () => void {
  const { store } = lab
  const works = store.saveRefresh
  store.saveRefresh = () => {
    throw new Fault('store-unavailable')
  }
  return () => {
    store.saveRefresh = works
  }
}

async function refresh() {
  const session = await lab.sessions.find(id)
  assert.ok(session)
  return lab.sessions.saveRefresh(session, FRESH)
}

async function tokenAt(sessions = lab.otherSessions): Promise<string | undefined> {
  const session = await sessions.find(id)
  return session && sessions.tokensOf(session.record)?.refreshToken
}

const abandoned = () => AbortSignal.abort()

test('while the store does not take it, the new token counts here, also when the session is read again', async () => {
  breakStore()
  const fault = await refresh()
  assert.ok(fault instanceof Fault && fault.code === 'store-unavailable')
  assert.equal(await tokenAt(lab.sessions), 'second')
  assert.equal(await tokenAt(), 'first')
})

test('once the store takes it again, it is stored', async () => {
  const repair = breakStore()
  await refresh()
  repair()
  await lab.sessions.settle(new AbortController().signal)
  assert.equal(await tokenAt(), 'second')
})

test('without anybody who waits for it, too', async () => {
  const repair = breakStore()
  await refresh()
  repair()
  await eventually(async () => (await tokenAt()) !== 'first', 'it is stored')
  assert.equal(await tokenAt(), 'second')
})

test('what is left at the end is handed over, and another process stores it', async () => {
  breakStore()
  await refresh()
  const handedOver: Change[] = []
  lab.changes.connect(change => handedOver.push(change))
  await lab.sessions.settle(abandoned())
  assert.deepEqual(
    handedOver.map(({ kind }) => kind),
    ['refreshed'],
  )
  assert.doesNotMatch(JSON.stringify(handedOver), /second/)
  for (const change of handedOver) lab.otherChanges.receive(change)
  assert.equal(await tokenAt(), 'second')
  await lab.otherSessions.settle(new AbortController().signal)
  assert.notEqual((await lab.store.readSession(key))?.refreshedAtMs, 1_800_000_000_000)
})

test('what another process has refreshed since is not overwritten', async () => {
  const repair = breakStore()
  await refresh()
  repair()
  lab.clock.advance(1000)
  const session = await lab.otherSessions.find(id)
  assert.ok(session)
  await lab.otherSessions.saveRefresh(session, { refreshToken: 'third', idToken: undefined })
  await lab.sessions.settle(new AbortController().signal)
  assert.deepEqual([await tokenAt(), await tokenAt(lab.sessions)], ['third', 'third'])
})

test('a session that was signed out meanwhile stays so', async () => {
  const repair = breakStore()
  await refresh()
  repair()
  await lab.otherSessions.end(id)
  await lab.sessions.settle(new AbortController().signal)
  assert.equal(await lab.store.readSession(key), undefined)
})

/** A replica that did not have the last write yet is master now. */
async function loseLastWrite(): Promise<void> {
  const before = await lab.store.readSession(key)
  assert.ok(before)
  assert.equal(await refresh(), 'saved')
  await lab.store.deleteSession(key)
  await lab.store.createSession(before)
  assert.equal(await tokenAt(), 'first', 'the store has the old one again')
  lab.changes.receive({ kind: 'missed' })
}

test('a store that has lost its last writes gets the new token again, which counts here at once', async () => {
  await loseLastWrite()
  assert.equal(await tokenAt(lab.sessions), 'second')
  await eventually(async () => (await tokenAt()) === 'second', 'stored again')
})

test('of what was stored more than a minute ago, the store says how it is', async () => {
  const before = await lab.store.readSession(key)
  assert.ok(before)
  await refresh()
  lab.clock.advance(61_000)
  await lab.store.deleteSession(key)
  await lab.store.createSession(before)
  lab.changes.receive({ kind: 'missed' })
  await lab.sessions.settle(new AbortController().signal)
  assert.equal(await tokenAt(), 'first')
})

test('a token of the last minute takes the place of no newer one', async () => {
  await refresh()
  const session = await lab.otherSessions.find(id)
  assert.ok(session)
  lab.clock.advance(1000)
  await lab.otherSessions.saveRefresh(session, { refreshToken: 'third', idToken: undefined })
  lab.changes.receive({ kind: 'missed' })
  await lab.sessions.settle(new AbortController().signal)
  assert.deepEqual([await tokenAt(), await tokenAt(lab.sessions)], ['third', 'third'])
})
