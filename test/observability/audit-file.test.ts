/** An audit log that is rotated under a Torhaus that runs. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AuditFile } from '../../src/observability/audit-file.ts'

async function inFolder(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-audit-file-'))
  try {
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A file that is open in a folder, which then is another. */
const inMovedFolder = (
  use: (file: AuditFile, folder: string, moved: string, errors: readonly Error[]) => Promise<void>,
) =>
  inFolder(async directory => {
    const [folder, moved] = [join(directory, 'log'), join(directory, 'moved')]
    mkdirSync(folder)
    const errors: Error[] = []
    const file = new AuditFile(join(folder, 'audit.log'), error => errors.push(error))
    renameSync(folder, moved)
    await use(file, folder, join(moved, 'audit.log'), errors)
  })

test('a file that was moved away keeps what was written by then, and another takes the rest', () =>
  inFolder(async directory => {
    const [name, old] = [join(directory, 'audit.log'), join(directory, 'audit.log.1')]
    const errors: Error[] = []
    const file = new AuditFile(name, error => errors.push(error))
    file.write('one\n')
    file.look()
    renameSync(name, old)
    file.write('two\n')
    file.look()
    file.write('three\n')
    file.look()
    await file[Symbol.asyncDispose]()
    assert.deepEqual([readFileSync(old, 'utf8'), readFileSync(name, 'utf8')], ['one\ntwo\n', 'three\n'])
    assert.equal(statSync(name).mode & 0o777, 0o600)
    assert.deepEqual(errors, [])
  }))

test('while no other can be opened the old one goes on, and that is said', () =>
  inMovedFolder(async (file, folder, moved, errors) => {
    file.look()
    file.write('one\n')
    assert.match(errors.map(String).join(), /ENOENT/)
    mkdirSync(folder)
    file.look()
    file.write('two\n')
    await file[Symbol.asyncDispose]()
    assert.equal(readFileSync(moved, 'utf8'), 'one\n')
    assert.equal(readFileSync(join(folder, 'audit.log'), 'utf8'), 'two\n')
  }))

test('where nobody can look into its folder any more, the file that is open goes on', () =>
  inMovedFolder(async (file, folder, moved, errors) => {
    // What may not be entered looks the same, but not to root.
    symlinkSync(folder, folder)
    file.look()
    file.write('one\n')
    await file[Symbol.asyncDispose]()
    assert.equal(readFileSync(moved, 'utf8'), 'one\n')
    assert.deepEqual(errors, [])
  }))
