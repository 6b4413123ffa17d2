/** An audit log that is rotated under a Torhaus that runs. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
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

test(
  'a pipe that nobody reads is refused in words, and not waited for; one that is read gets the records',
  {
    skip: process.platform === 'win32' && 'Windows has no such pipes',
  },
  () =>
    inFolder(async directory => {
      const name = join(directory, 'audit.log')
      execFileSync('mkfifo', [name])
      const open = () => new AuditFile(name, error => assert.ifError(error))
      assert.throws(open, {
        message: `logging.auditFile: ${name} is a pipe that nobody reads: start what reads it, or name a file`,
      })
      const reader = spawn('cat', [name], { stdio: ['ignore', 'pipe', 'inherit'] })
      try {
        const ended = once(reader, 'exit')
        let file: AuditFile | undefined
        await eventually(() => {
          try {
            file = open()
            return true
          } catch {
            return false
          }
        }, 'the pipe is read')
        file?.write('one\n')
        await file?.[Symbol.asyncDispose]()
        assert.equal(await text(reader.stdout), 'one\n')
        await ended
      } finally {
        reader.kill('SIGKILL')
      }
    }),
)
