import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { canMount, mountSmallDisk } from '../../devkit/torhaus/small-disk.ts'
import { SESSION_SCHEMA } from '../../src/session/sqlite-session-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { sqliteSetUpFindings } from '../../src/store/sqlite-set-up.ts'

const rootTest = canMount ? test : test.skip
const directory = mkdtempSync(join(tmpdir(), 'torhaus-set-up-'))
after(() => rmSync(directory, { recursive: true, force: true }))

rootTest('a disk with little room is told, before it is full', async () => {
  await using disk = await mountSmallDisk(2048)
  const file = join(disk.directory, 'store.sqlite')
  assert.deepEqual(
    sqliteSetUpFindings(file).map(({ code }) => code),
    ['sqlite-room'],
  )
})

test('a file of a newer format is not touched: the start says which version it needs', () => {
  const file = join(directory, 'newer.sqlite')
  const newer = new DatabaseSync(file)
  newer.exec('CREATE TABLE session (later TEXT); PRAGMA user_version = 2')
  assert.throws(
    () => new SqliteDatabase(file, SESSION_SCHEMA),
    /newer\.sqlite has format 2, .* knows 1: .*sqlite\.file/,
  )
  assert.deepEqual(
    newer
      .prepare('SELECT name FROM sqlite_schema')
      .all()
      .map(({ name }) => name),
    ['session'],
  )
  newer.close()
})

test('a file from before formats had numbers gets one, and keeps what is in it', () => {
  const file = join(directory, 'older.sqlite')
  const older = new DatabaseSync(file)
  older.exec(`${SESSION_SCHEMA} INSERT INTO note (id, until) VALUES ('kept', 1)`)
  using database = new SqliteDatabase(file, SESSION_SCHEMA)
  assert.equal(older.prepare('PRAGMA user_version').get()?.user_version, 1)
  assert.equal(database.row('SELECT until FROM note')?.until, 1)
  older.close()
})
