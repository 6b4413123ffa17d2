/** What `Sessions` make of a store that goes away between two requests, with and without a grace. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { Fault } from '../../src/errors.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { PERSON, testClock } from './session-lab.ts'

const NO_TOKENS = { refreshToken: undefined, idToken: undefined }

/** A store that answers with promises, and rejects while it is away. */
function setUp(graceSeconds: number) {
  const clock = testClock()
  const state = { isAway: false }
  const store = new Proxy(new SqliteSessionStore(SqliteDatabase.inMemory(SESSION_SCHEMA)), {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        if (state.isAway) throw new Fault('store-unavailable')
        return Reflect.apply(member, target, args)
      }
    },
  })
  const times = { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 3600, cacheMs: 0, maxCached: 10, graceSeconds }
  const changes = new Changes()
  // Where the store is away, so are the other processes: nobody can be told.
  changes.heardWhile(() => !state.isAway)
  const sealer = new Sealer([randomBytes(32)])
  const sessions = new Sessions(store, sealer, times, changes, bothClocks(clock.now))
  // Another worker of the same machine, which can always be told.
  const otherChanges = new Changes()
  changes.connect(change => otherChanges.receive(change))
  const otherSessions = new Sessions(store, sealer, times, otherChanges, bothClocks(clock.now))
  return { clock, state, sessions, otherSessions }
}

test('a known session goes on while the store is away, though its use cannot be written, and the use is written afterwards', async () => {
  const { clock, state, sessions } = setUp(300)
  const id = await sessions.open(PERSON, NO_TOKENS)
  assert.ok(await sessions.find(id))
  state.isAway = true
  clock.advance(250_000)
  assert.ok(await sessions.find(id))
  // A rejection that nobody handles would fail this test.
  await setImmediate()
  state.isAway = false
  clock.advance(100_000)
  const session = await sessions.find(id)
  await setImmediate()
  assert.ok(session)
  assert.ok(await sessions.reread(session))
  assert.equal(session.record.lastSeenAtMs, clock.now())
})

test('idle and absolute timeout hold in the grace as ever', async () => {
  const { clock, state, sessions } = setUp(3600)
  const id = await sessions.open(PERSON, NO_TOKENS)
  await sessions.find(id)
  state.isAway = true
  clock.advance(600_001)
  assert.equal(await sessions.find(id), undefined)
})

test('after the grace, without one, and for a session not known, the fault is told; signing out is never a pretence', async () => {
  const { clock, state, sessions } = setUp(300)
  const [id, unknown, left] = [
    await sessions.open(PERSON, NO_TOKENS),
    await sessions.open(PERSON, NO_TOKENS),
    await sessions.open(PERSON, NO_TOKENS),
  ]
  await sessions.find(left)
  await sessions.find(id)
  state.isAway = true
  const fault = { code: 'store-unavailable' }
  await assert.rejects(async () => sessions.find(unknown), fault)
  await assert.rejects(sessions.end(left), fault)
  await assert.rejects(async () => sessions.find(left), fault, 'here it counts no more')
  clock.advance(300_000)
  await assert.rejects(async () => sessions.find(id), fault)
  const strict = setUp(0)
  const other = await strict.sessions.open(PERSON, NO_TOKENS)
  await strict.sessions.find(other)
  strict.state.isAway = true
  await assert.rejects(async () => strict.sessions.find(other), fault)
})

test('whoever leaves by a worker that does not know the session has left at all workers of the machine', async () => {
  const { state, sessions, otherSessions } = setUp(300)
  const [left, kept] = [await sessions.open(PERSON, NO_TOKENS), await sessions.open(PERSON, NO_TOKENS)]
  for (const id of [left, kept]) assert.ok(await otherSessions.find(id))
  state.isAway = true
  await assert.rejects(async () => sessions.find(left), { code: 'store-unavailable' })
  sessions.endUnseen(left)
  await assert.rejects(async () => otherSessions.find(left), { code: 'store-unavailable' })
  assert.ok(await otherSessions.find(kept))
})
