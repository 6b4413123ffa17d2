import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bytesIn } from '../../config/files-read.ts'
import { readPipe } from '../../config/read-pipe.ts'

const PATIENCE_MS = 20_000
const skip = process.platform === 'win32' && 'Windows has no such pipes'

let directory: string
let pipe: string

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'torhaus-pipe-'))
  pipe = join(directory, 'pipe')
  if (skip === false) execFileSync('mkfifo', [pipe])
})
after(() => rmSync(directory, { recursive: true, force: true }))

test('a pipe that nobody writes to is given up in words, and not waited for without an end', { skip }, () => {
  assert.throws(() => readPipe(pipe, 100, 40), { message: 'is a pipe that nothing writes to: name a file' })
})

test('what comes late and in pieces is read to its end', { skip }, async () => {
  const script = `sleep 0.2; exec 3>"$1"; sleep 0.2; printf 'one ' >&3; sleep 0.2; printf two >&3`
  const writer = spawn('sh', ['-c', script, 'sh', pipe], { stdio: 'ignore' })
  const ended = once(writer, 'exit')
  try {
    assert.equal(readPipe(pipe, 100, PATIENCE_MS).toString(), 'one two')
  } finally {
    writer.kill('SIGKILL')
    await ended
  }
})

test('a device is read no further than it must be, and an empty one is empty', { skip }, () => {
  const { length } = readPipe('/dev/zero', 100, PATIENCE_MS)
  assert.ok(length > 100 && length < 1_000_000, `${length} bytes`)
  assert.equal(readPipe('/dev/null', 100, PATIENCE_MS).length, 0)
})

test('a pipe in place of a key or a certificate is refused before it is opened', { skip }, () => {
  assert.throws(
    () => bytesIn(pipe),
    /pipe is a pipe, a socket or a device, but is read more than once: name a regular file$/,
  )
})
