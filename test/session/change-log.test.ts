/** A session is not read again for each second of use; and whatever is done to it in the file, by whomever, is noticed. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { openStores } from '../../src/app/open-stores.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { SESSION_CHANGES, SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { type Change, Changes } from '../../src/store/changes.ts'
import { CHANGE_LOG_SCHEMA, SqliteChangeLog } from '../../src/store/sqlite-change-log.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { system } from '../../src/system.ts'
import { until } from '../workers/workers-lab.ts'
import { PERSON, testClock } from './session-lab.ts'

const folder = mkdtempSync(join(tmpdir(), 'torhaus-test-'))
after(() => rmSync(folder, { recursive: true }))

const NEVER_MS = 1e8
const TOKENS = { refreshToken: undefined, idToken: undefined }

/** A process on the file, whose log reads on when the test says so. */
function openProcess(file: string, clock = testClock(), cacheMs = 1000) {
  const database = new SqliteDatabase(file, SESSION_SCHEMA + CHANGE_LOG_SCHEMA + SESSION_CHANGES)
  const changes = new Changes()
  const events = {
    changed: (keys: ReadonlySet<string>) => changes.receive({ kind: 'sessions-changed', keys }),
    missed: () => changes.receive({ kind: 'missed' }),
  }
  const surroundings = bothClocks(clock.now)
  const log = new SqliteChangeLog(database, NEVER_MS, events, surroundings.monotonic)
  let reads = 0
  class CountedStore extends SqliteSessionStore {
    override readSession(key: string) {
      reads++
      return super.readSession(key)
    }
  }
  const sessions = new Sessions(
    new CountedStore(database),
    new Sealer([KEY]),
    {
      ...{ idleTimeoutSeconds: 7200, absoluteTimeoutSeconds: 86_400, cacheMs, maxCached: 100 },
      knownUntilMs: () => log.knownUntilMs,
    },
    changes,
    surroundings,
  )
  return { sessions, log, clock, reads: () => reads, close: () => database.close() }
}

const KEY = randomBytes(32)

test('while the log is read, a session in use is read once in five minutes, and a sign-out elsewhere counts when it is read next', async () => {
  const file = join(folder, 'busy.sqlite')
  const clock = testClock()
  const [one, other] = [openProcess(file, clock), openProcess(file, clock)]
  const id = await one.sessions.open(PERSON, TOKENS)
  for (let request = 0; request < 700; request++) {
    one.log.readOn()
    assert.ok(await one.sessions.find(id))
    clock.advance(500)
  }
  assert.equal(one.reads(), 2)
  await other.sessions.end(id)
  one.log.readOn()
  assert.equal(await one.sessions.find(id), undefined)
  for (const opened of [one, other]) opened.close()
})

test('where the log cannot be read, a sign-out elsewhere counts after cacheMs, as without', async () => {
  const file = join(folder, 'blind.sqlite')
  const clock = testClock()
  const [one, other] = [openProcess(file, clock), openProcess(file, clock)]
  const id = await one.sessions.open(PERSON, TOKENS)
  one.log.readOn()
  assert.ok(await one.sessions.find(id))
  await other.sessions.end(id)
  clock.advance(999)
  assert.ok(await one.sessions.find(id), 'within cacheMs')
  clock.advance(1)
  assert.equal(await one.sessions.find(id), undefined)
  for (const opened of [one, other]) opened.close()
})

test('what a hand does to the file is told, also to what it has opened itself', async () => {
  const file = join(folder, 'hand.sqlite')
  const one = openProcess(file)
  const hand = new DatabaseSync(file)
  const id = await one.sessions.open(PERSON, TOKENS)
  one.log.readOn()
  assert.equal((await one.sessions.find(id))?.record.account, 'ada')
  hand.exec("UPDATE person_session SET account = 'bob'")
  one.log.readOn()
  // It is none of ours any more.
  assert.equal(await one.sessions.find(id), undefined)
  hand.close()
  one.close()
})

test('an answer is not believed for longer than a session may be unseen', async () => {
  const file = join(folder, 'idle.sqlite')
  const one = openProcess(file)
  const id = await one.sessions.open(PERSON, TOKENS)
  one.log.readOn()
  await one.sessions.find(id)
  one.clock.advance(300_000)
  one.log.readOn()
  await one.sessions.find(id)
  assert.equal(one.reads(), 2)
  one.close()
})

test('the store that is opened as configured tells of what other programs do', async () => {
  const file = join(folder, 'configured.sqlite')
  await using opened = new AsyncDisposableStack()
  const changes = new Changes()
  const heard: Change[] = []
  changes.subscribe(change => heard.push(change))
  const report = { command: () => {}, changed: () => {}, clock: () => {}, malformed: () => {} }
  const session = { cacheMs: 100, store: { kind: 'sqlite', sqlite: { file } } } as never
  const stores = await openStores(session, changes, report, system, opened)
  const before = stores.knownUntilMs?.() ?? 0
  const hand = new DatabaseSync(file)
  hand.exec(`INSERT INTO person_session (key, subject, account, account_key, evidence, created_at, last_seen_at, refreshed_at)
    VALUES ('k', 's', 'ada', 'ada', '{}', 1, 1, 1)`)
  hand.close()
  await until('the change', () => heard.some(change => change.kind === 'sessions-changed' && change.keys.has('k')))
  await until('more to be known', () => (stores.knownUntilMs?.() ?? 0) > before)
})
