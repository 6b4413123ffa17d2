/**
 * What the embedded store does when its file is locked, full, damaged or replaced: nobody waits, and the truth is told.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { SqliteCondition } from '../../src/store/sqlite-condition.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const SCHEMA = 'CREATE TABLE IF NOT EXISTS word (text TEXT PRIMARY KEY, more TEXT) STRICT;'
const UNAVAILABLE = { code: 'store-unavailable' }
const run = promisify(execFile)

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-sqlite-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

interface Opened {
  readonly database: SqliteDatabase
  readonly file: string
  readonly told: SqliteCondition[]
  readonly replaced: () => number
}

function opened(t: TestContext, file = join(directory, 'words.sqlite')): Opened {
  const told: SqliteCondition[] = []
  let replaced = 0
  const database = new SqliteDatabase(file, SCHEMA, {
    changed: condition => told.push(condition),
    replaced: () => replaced++,
  })
  t.after(() => database.close())
  return { database, file, told, replaced: () => replaced }
}

const add = (database: SqliteDatabase, text: string) => database.update('INSERT INTO word (text) VALUES (?)', text)
const words = (database: SqliteDatabase) => database.rows('SELECT text FROM word ORDER BY rowid').map(row => row.text)

/** Another process with the write lock. */
function locker(file: string) {
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  return { release: () => other.exec('ROLLBACK'), close: () => other.close() }
}

test('while another process holds the lock, readers read and the event loop turns; writes are done in their order after it', async t => {
  const { database, file, told } = opened(t)
  await add(database, 'before')
  const lock = locker(file)
  const done: string[] = []
  const writes = ['one', 'two', 'three'].map(async text => {
    await add(database, text)
    done.push(text)
  })
  for (let turn = 0; turn < 20; turn++) {
    assert.deepEqual(words(database), ['before'])
    await new Promise(setImmediate)
  }
  assert.deepEqual(done, [])
  lock.release()
  await Promise.all(writes)
  lock.close()
  assert.deepEqual(done, ['one', 'two', 'three'])
  assert.deepEqual(words(database), ['before', 'one', 'two', 'three'])
  assert.deepEqual(told, [])
})

test('a transaction that finds the file locked is tried again as a whole', async t => {
  const { database, file } = opened(t)
  const lock = locker(file)
  let attempts = 0
  const written = database.transaction(() => {
    attempts++
    database.run('INSERT INTO word (text) VALUES (?)', 'whole')
    return attempts
  })
  await sleep(20)
  lock.release()
  assert.equal(await written, 1)
  lock.close()
  assert.deepEqual(words(database), ['whole'])
})

test('whoever stands last in line waits for the lock no longer than the first, and then is told', async t => {
  const { database, file, told } = opened(t)
  const lock = locker(file)
  const begunMs = performance.now()
  const waits = Array.from({ length: 50 }, async (_, index) => {
    await assert.rejects(async () => add(database, `word ${index}`), UNAVAILABLE)
    return performance.now() - begunMs
  })
  const longestMs = Math.max(...(await Promise.all(waits)))
  assert.ok(longestMs < 9000, `the last one has waited ${longestMs} ms`)
  assert.deepEqual(told, ['locked'])
  lock.release()
  await add(database, 'after')
  lock.close()
  assert.deepEqual(words(database), ['after'])
  assert.deepEqual(told, ['locked', 'available'])
})

test('several processes that make the file at the same moment all open it', async () => {
  const file = join(directory, 'new.sqlite')
  const program = `
    import { SqliteDatabase } from ${JSON.stringify(join(import.meta.dirname, '../../src/store/sqlite-database.ts'))}
    new SqliteDatabase(${JSON.stringify(file)}, ${JSON.stringify(SCHEMA)}).close()`
  for (let round = 0; round < 3; round++) {
    const processes = Array.from({ length: 4 }, () => run(process.execPath, ['--input-type=module', '-e', program]))
    await Promise.all(processes)
    for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  }
})

/** Root may mount a small file system; others are told what is left out. */
const canMount = process.getuid?.() === 0
const mountTest = canMount ? test : test.skip

mountTest('a full disk is told with its cause, reads go on, and so does everything once there is room', async t => {
  const small = join(directory, 'small')
  mkdirSync(small)
  await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small])
  const { database, told } = opened(t, join(small, 'words.sqlite'))
  try {
    await fill(database, told, join(small, 'filler'))
  } finally {
    database.close()
    await run('umount', ['-l', small])
  }
})

async function fill(database: SqliteDatabase, told: readonly SqliteCondition[], filler: string): Promise<void> {
  await add(database, 'before')
  await run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k']).catch(() => undefined)
  const big = 'x'.repeat(100_000)
  const insert = () =>
    database.transaction(() => database.run('INSERT INTO word (text, more) VALUES (?, ?)', 'big', big))
  for (const write of [insert, () => database.update('INSERT INTO word (text, more) VALUES (?, ?)', 'big', big)])
    await assert.rejects(
      async () => write(),
      (error: Error) => (error.cause as Error).message === 'database or disk is full',
    )
  assert.equal(database.condition, 'full')
  assert.deepEqual(words(database), ['before'])
  rmSync(filler)
  await insert()
  assert.deepEqual(told, ['full', 'available'])
}

test('a file that another program made read-only is told, and reads go on', async t => {
  const { database, file } = opened(t)
  await add(database, 'before')
  const other = new DatabaseSync(file)
  other.exec('PRAGMA user_version = 1')
  other.close()
  database.run('PRAGMA query_only = 1')
  assert.throws(() => add(database, 'after'), UNAVAILABLE)
  assert.equal(database.condition, 'read-only')
  assert.deepEqual(words(database), ['before'])
})

test('a file that is moved away is noticed: nothing is read from it or written to it any more', async t => {
  const { database, file, told } = opened(t)
  await add(database, 'before')
  await rename(file, `${file}.moved`)
  database.look()
  assert.deepEqual([database.condition, told], ['moved', ['moved']])
  assert.throws(() => words(database), UNAVAILABLE)
  assert.throws(() => add(database, 'for nobody'), UNAVAILABLE)
})

test('where nobody can look into its folder any more, the file that is open goes on', async t => {
  const folder = join(directory, 'state')
  mkdirSync(folder)
  const { database, told } = opened(t, join(folder, 'words.sqlite'))
  await add(database, 'before')
  await rename(folder, join(directory, 'moved'))
  // What may not be entered looks the same, but not to root.
  symlinkSync(folder, folder)
  database.look()
  assert.deepEqual([words(database), database.condition, told], [['before'], 'available', []])
})

test('a file put in its place, as in a restore, is used from then on', async t => {
  const { database, file, told, replaced } = opened(t)
  await add(database, 'before')
  const copy = new SqliteDatabase(join(directory, 'backup.sqlite'), SCHEMA)
  await add(copy, 'restored')
  copy.close()
  for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true })
  await rename(file, `${file}.old`)
  database.look()
  copyFileSync(join(directory, 'backup.sqlite'), `${file}.new`)
  await rename(`${file}.new`, file)
  database.look()
  assert.deepEqual([told, replaced()], [['moved', 'available'], 1])
  assert.deepEqual(words(database), ['restored'])
  await add(database, 'after')
  assert.deepEqual(words(database), ['restored', 'after'])
})

test('a half-written file in its place is waited for', async t => {
  const { database, file, told } = opened(t)
  await rename(file, `${file}.old`)
  for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true })
  writeFileSync(file, 'not a database at all, and longer than a header of SQLite would be'.repeat(30))
  database.look()
  assert.equal(database.condition, 'moved')
  rmSync(file)
  new SqliteDatabase(file, SCHEMA).close()
  database.look()
  assert.deepEqual(told, ['moved', 'available'])
})

test('a process that waits in line is ended by a closed database, and not before', async () => {
  const file = join(directory, 'words.sqlite')
  new SqliteDatabase(file, SCHEMA).close()
  const lock = locker(file)
  const program = `
    import { SqliteDatabase } from ${JSON.stringify(join(import.meta.dirname, '../../src/store/sqlite-database.ts'))}
    const database = new SqliteDatabase(${JSON.stringify(file)}, '')
    const written = database.update("INSERT INTO word (text) VALUES ('late')")
    console.log('waits')
    await written
    database.close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  lock.release()
  lock.close()
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})
