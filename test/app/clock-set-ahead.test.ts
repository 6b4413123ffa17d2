/** Somebody sets the clock of the machine a year ahead, and back again: nothing is removed by it that still counts. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type Sweep, startSweeping } from '../../src/app/housekeeping.ts'
import { settledClock } from '../../src/app/settled-clock.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { PERSON, settableClock } from '../session/session-lab.ts'

const [SECOND_MS, MINUTE_MS, HOUR_MS, YEAR_MS] = [1000, 60_000, 3_600_000, 365 * 86_400_000]

/** The sweep, over sessions and marks in a file of their own. */
function startLab(opened: AsyncDisposableStack) {
  const { surroundings, pass, set } = settableClock()
  const store = new SqliteSessionStore(opened.use(SqliteDatabase.inMemory(SESSION_SCHEMA)))
  const times = { idleTimeoutSeconds: 28_800, absoluteTimeoutSeconds: 86_400, cacheMs: 0, maxCached: 10 }
  const sessions = new Sessions(store, new Sealer([randomBytes(32)]), times, new Changes(), surroundings)
  const nothing = { sweep: () => undefined, sweepAttempts: () => undefined, countUnrecognised: () => 0 }
  const needs = { grants: nothing, pats: nothing, patConfirmations: nothing, stores: { attempts: nothing } }
  const log = { warn: (record: unknown) => assert.fail(JSON.stringify(record)) }
  const all = { ...needs, ...surroundings, sessions, log, fingerprints: {} }
  const sweep: Sweep = startSweeping(all as unknown as Parameters<typeof startSweeping>[0], opened)
  return { ...surroundings, pass, set, store, sessions, sweep }
}

const open = ({ sessions }: ReturnType<typeof startLab>) =>
  sessions.open(PERSON, { refreshToken: undefined, idToken: undefined })

test('set back within an hour, nobody was signed out, and what a logout has ended stays ended', async () => {
  await using opened = new AsyncDisposableStack()
  const lab = startLab(opened)
  const id = await open(lab)
  await lab.store.markUntil('logout', lab.now() + HOUR_MS)
  lab.set(YEAR_MS)
  for (let minute = 0; minute < 30; minute++) {
    await lab.sweep.run()
    lab.pass(MINUTE_MS)
  }
  assert.equal(await lab.sessions.find(id), undefined, 'by the clock that it is')
  lab.set(-YEAR_MS)
  await lab.sweep.run()
  assert.ok(await lab.sessions.find(id))
  assert.notEqual(lab.store.markedUntil('logout'), undefined)
})

test('what has ended by the clock of before is removed all the while', async () => {
  await using opened = new AsyncDisposableStack()
  const lab = startLab(opened)
  await lab.store.markUntil('early', lab.now() + MINUTE_MS)
  lab.set(YEAR_MS)
  await lab.sweep.run()
  assert.notEqual(lab.store.markedUntil('early'), undefined)
  lab.pass(MINUTE_MS)
  await lab.sweep.run()
  assert.equal(lab.store.markedUntil('early'), undefined)
})

test('ahead for an hour, it is believed, and what has ended by it is removed', async () => {
  await using opened = new AsyncDisposableStack()
  const lab = startLab(opened)
  await open(lab)
  lab.set(YEAR_MS)
  await lab.sweep.run()
  lab.pass(HOUR_MS)
  await lab.sweep.run()
  assert.deepEqual(lab.store.accountsSeenLast(10), [])
})

test('a clock that is adjusted, or set back, is believed at once', () => {
  const { surroundings, pass, set } = settableClock()
  const settled = settledClock(surroundings)
  for (const byMs of [MINUTE_MS - SECOND_MS, MINUTE_MS - SECOND_MS, -YEAR_MS, MINUTE_MS]) {
    set(byMs)
    assert.equal(settled(), surroundings.now())
    pass(MINUTE_MS)
  }
})

test('each jump ahead is waited for, also one after another', () => {
  const { surroundings, pass, set } = settableClock()
  const settled = settledClock(surroundings)
  const began = surroundings.now()
  set(HOUR_MS)
  assert.equal(settled(), began)
  pass(HOUR_MS)
  assert.equal(settled(), surroundings.now())
  const then = surroundings.now()
  set(YEAR_MS)
  assert.equal(settled(), then)
})
