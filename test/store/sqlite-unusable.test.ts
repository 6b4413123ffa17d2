/** A file that cannot be opened: the operator learns which one, what SQLite says of it, and what to do. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { canMount, mountSmallDisk } from '../../devkit/torhaus/small-disk.ts'
import { remedyOf } from '../../src/store/sqlite-condition.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const SCHEMA = 'CREATE TABLE IF NOT EXISTS word (text TEXT) STRICT'
const directory = mkdtempSync(join(tmpdir(), 'torhaus-unusable-'))
after(() => rmSync(directory, { recursive: true }))

const opening = (file: string) => () => new SqliteDatabase(file, SCHEMA).close()

test('a file that is damaged is told as such, and is to be moved away', () => {
  const file = join(directory, 'damaged.sqlite')
  const database = new SqliteDatabase(file, SCHEMA)
  for (let number = 0; number < 2000; number++) database.run('INSERT INTO word (text) VALUES (?)', `word ${number}`)
  database.close()
  writeFileSync(file, Buffer.alloc(65_536, 0x5a), { flag: 'r+' })
  assert.throws(
    opening(file),
    /^Error: the store \S+damaged\.sqlite cannot be opened: .*(malformed|not a database); move it away, with its -wal /,
  )
})

test('one on a disk that is full needs room', {
  skip: !canMount && 'only root may mount a small file system',
}, async () => {
  await using disk = await mountSmallDisk(64)
  await disk.fill()
  assert.throws(
    opening(join(disk.directory, 'words.sqlite')),
    /^Error: the store \S+words\.sqlite cannot be opened: database or disk is full; free some space on its disk/,
  )
})

test('each condition has a remedy of its own', () => {
  const remedies = (['locked', 'full', 'read-only', 'corrupt', 'unreadable'] as const).map(remedyOf)
  assert.equal(new Set(remedies).size, remedies.length)
})
