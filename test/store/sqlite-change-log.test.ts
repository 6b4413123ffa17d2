/** Whoever changes the file: each process is told, or knows that it was not. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { CHANGE_LOG_SCHEMA, loggedChanges, SqliteChangeLog } from '../../src/store/sqlite-change-log.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const SCHEMA = `CREATE TABLE IF NOT EXISTS thing (key TEXT PRIMARY KEY, value TEXT, seen INTEGER) STRICT;
${CHANGE_LOG_SCHEMA}${loggedChanges('thing', row => `SELECT ${row}.key`, ['key', 'value'])}`
/** The log reads on by itself in no test: it is told to. */
const NEVER_MS = 1e8

let folder: string
let file: string
let ours: SqliteDatabase
/** Another program, which knows nothing of the log. */
let theirs: DatabaseSync
let log: SqliteChangeLog
let told: (string[] | 'missed')[]
let nowMs: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'torhaus-test-'))
  file = join(folder, 'store.sqlite')
  ours = new SqliteDatabase(file, SCHEMA)
  theirs = new DatabaseSync(file)
  told = []
  nowMs = 1000
  const events = { changed: (keys: ReadonlySet<string>) => told.push([...keys]), missed: () => told.push('missed') }
  log = new SqliteChangeLog(ours, NEVER_MS, events, () => nowMs)
})

afterEach(() => {
  log[Symbol.dispose]()
  theirs.close()
  ours.close()
  rmSync(folder, { recursive: true })
})

test('what another program adds, changes and deletes is told, and what does not count is not', () => {
  theirs.exec("INSERT INTO thing VALUES ('a', '1', 0), ('b', '1', 0)")
  log.readOn()
  theirs.exec(
    "UPDATE thing SET value = '2' WHERE key = 'a'; UPDATE thing SET seen = 7; DELETE FROM thing WHERE key = 'b'",
  )
  log.readOn()
  log.readOn()
  assert.deepEqual(told, [
    ['a', 'b'],
    ['a', 'b'],
  ])
})

test('what was rolled back is not told, nor leaves a gap', () => {
  theirs.exec("BEGIN; INSERT INTO thing VALUES ('a', '1', 0); ROLLBACK; INSERT INTO thing VALUES ('b', '1', 0)")
  log.readOn()
  assert.deepEqual(told, [['b']])
})

test('it is known until the time that it was read last, and no further while the file does not answer', () => {
  nowMs = 2000
  log.readOn()
  assert.equal(log.knownUntilMs, 2000)
  ours.close()
  nowMs = 3000
  log.readOn()
  assert.equal(log.knownUntilMs, 2000)
  log.restart()
  assert.equal(log.knownUntilMs, Number.NEGATIVE_INFINITY)
})

test('whoever reads on too late, or finds rows taken away, has missed something', () => {
  theirs.exec("INSERT INTO thing VALUES ('a', '1', 0), ('b', '1', 0)")
  theirs.exec('DELETE FROM change_log WHERE n = 1')
  log.readOn()
  theirs.exec("INSERT INTO thing VALUES ('c', '1', 0); DELETE FROM change_log")
  log.readOn()
  theirs.exec("INSERT INTO thing VALUES ('d', '1', 0)")
  log.readOn()
  assert.deepEqual(told, ['missed', 'missed', ['d']])
})

test('a file that was written back from a copy has missed something', () => {
  const copy = join(folder, 'copy.sqlite')
  theirs.exec(`VACUUM INTO '${copy}'`)
  theirs.exec("INSERT INTO thing VALUES ('a', '1', 0)")
  log.readOn()
  theirs.exec(`ATTACH '${copy}' AS copy; DELETE FROM thing; DELETE FROM change_log;
    UPDATE sqlite_sequence SET seq = 0 WHERE name = 'change_log'`)
  log.readOn()
  assert.deepEqual(told, [['a'], 'missed'])
})

test('many changes are read in pieces, known only when all were, and the log stays bounded', () => {
  const add = theirs.prepare("INSERT INTO thing VALUES (?, '1', 0)")
  theirs.exec('BEGIN')
  for (let index = 0; index < 12_000; index++) add.run(`key ${index}`)
  theirs.exec('COMMIT')
  nowMs = 5000
  log.readOn()
  assert.equal(log.knownUntilMs, 1000)
  log.readOn()
  log.readOn()
  assert.equal(log.knownUntilMs, 5000)
  assert.equal(told.flat().length, 12_000)
  theirs.exec(
    "UPDATE sqlite_sequence SET seq = 111999 WHERE name = 'change_log'; UPDATE thing SET value = '2' WHERE key = 'key 1'",
  )
  assert.equal(theirs.prepare('SELECT count(*) AS count FROM change_log').get()?.count, 1)
})
