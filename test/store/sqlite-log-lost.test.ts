/** The log of a SQLite file, and the index of that, lie beside it as -wal and -shm: what becomes of it without them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, type TestContext, test } from 'node:test'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const SCHEMA = 'CREATE TABLE IF NOT EXISTS word (text TEXT PRIMARY KEY) STRICT;'
const UNAVAILABLE = { code: 'store-unavailable' }
/** Until all processes have let go of the log that is lost. */
const LOOKS = 3

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-log-lost-'))
  file = join(directory, 'words.sqlite')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function opened(t: TestContext) {
  const told: string[] = []
  const database = new SqliteDatabase(file, SCHEMA, {
    changed: (condition, cause) => told.push(`${condition}: ${(cause as Error).message}`),
    replaced: () => told.push('replaced'),
  })
  t.after(() => database.close())
  return { database, told }
}

const add = (database: SqliteDatabase, text: string) => database.update('INSERT INTO word (text) VALUES (?)', text)
const words = (database: SqliteDatabase) => database.rows('SELECT text FROM word ORDER BY rowid').map(row => row.text)

function anotherProcess(sql: string): string {
  const program = `import { DatabaseSync } from 'node:sqlite'
    const database = new DatabaseSync(${JSON.stringify(file)})
    console.log(JSON.stringify(database.prepare(${JSON.stringify(sql)}).all()))
    database.close()`
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }).trim()
}

for (const lost of [['-wal'], ['-shm'], ['-wal', '-shm']])
  test(`where ${lost.join(' and ')} is removed by a hand, what was written is kept, and all go on with one log`, async t => {
    const [one, other] = [opened(t), opened(t)]
    await add(one.database, 'before')
    for (const ending of lost) rmSync(file + ending)
    await add(other.database, 'blocked meanwhile')
    one.database.look()
    assert.throws(() => words(one.database), UNAVAILABLE)
    assert.throws(() => add(one.database, 'for nobody'), UNAVAILABLE)
    other.database.look()
    for (let looks = 0; looks < LOOKS; looks++) for (const { database } of [one, other]) database.look()
    for (const { database, told } of [one, other]) {
      assert.deepEqual(words(database), ['before', 'blocked meanwhile'])
      assert.match(told[0] ?? '', /^moved: .*words\.sqlite-wal or -shm was removed/)
      assert.match(told[1] ?? '', /^available: /)
      assert.equal(told[2], 'replaced')
    }
    anotherProcess("INSERT INTO word (text) VALUES ('elsewhere') RETURNING text")
    await add(other.database, 'after')
    const all = ['before', 'blocked meanwhile', 'elsewhere', 'after']
    assert.deepEqual([words(one.database), words(other.database)], [all, all])
    assert.equal(anotherProcess('SELECT count(*) AS n FROM word'), '[{"n":4}]')
  })

test('a file put in the place of another is not opened beside the log of that one, and is once it is gone', async t => {
  const { database, told } = opened(t)
  await add(database, 'in the copy')
  database.run('VACUUM INTO ?', `${file}.copy`)
  for (let number = 0; number < 2000; number++) await add(database, `later ${number}`)
  await rename(file, `${file}.old`)
  await rename(`${file}.copy`, file)
  for (const ending of ['-wal', '-shm']) {
    database.look()
    assert.throws(() => words(database), UNAVAILABLE)
    assert.ok(existsSync(file + ending))
    rmSync(file + ending)
  }
  assert.match(told.join('\n'), /^moved: \S+words\.sqlite-wal and -shm are of the file before this one: remove both$/)
  database.look()
  assert.deepEqual(words(database), ['in the copy'])
  await add(database, 'after')
  assert.equal(anotherProcess('PRAGMA integrity_check'), '[{"integrity_check":"ok"}]')
})
