import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { constants, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLogOutput } from '../../src/observability/log-output.ts'

const SOURCES = join(import.meta.dirname, '../../src')
/** Every write to it fails with ENOSPC (full(4)). */
const FULL = '/dev/full'

/** What a process of its own prints and how it ends; each step is half a second after the one before. */
function ran(steps: string) {
  const program = `const step = () => new Promise(done => setTimeout(done, 500)); ${steps}; console.log('goes on'); process.exit(0)`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    cwd: SOURCES,
    timeout: 60_000,
  })
  return { status, stderr, lines: stdout.trim().split('\n') }
}

test('a full disk ends no process that writes its log there', { skip: !existsSync(FULL) }, () => {
  const { status, lines, stderr } = ran(`
    const { openSync } = await import('node:fs')
    const { openLogOutput } = await import('./observability/log-output.ts')
    const output = openLogOutput({ descriptor: openSync('${FULL}', 'w') })
    for (let line = 0; line < 3; line++) { output.write('x\\n'); await step() }
    await output.close()`)
  assert.deepEqual([status, lines, stderr], [0, ['goes on'], ''])
})

test('an audit log on a full disk is told of among the other records, once', { skip: !existsSync(FULL) }, () => {
  const { status, lines } = ran(`
    const { createLog } = await import('./observability/log.ts')
    const { Audit } = await import('./observability/audit.ts')
    const log = createLog({ level: 'info' }, { write: line => process.stdout.write(line) }, Date.now)
    const audit = Audit.open(log, '${FULL}', Date.now)
    for (let record = 0; record < 3; record++) { audit.write('sign-in', {}); await step() }
    await audit[Symbol.asyncDispose]()`)
  assert.equal(status, 0)
  const records = lines.slice(0, -1).map(line => JSON.parse(line))
  assert.deepEqual(
    records.map(record => [record['event.action'], record['error.message']]),
    [['audit-unwritten', 'ENOSPC: no space left on device, write']],
  )
  assert.equal(lines.at(-1), 'goes on')
})

test('one that is full again after a while is told again', { skip: !existsSync(FULL) }, () => {
  const { lines } = ran(`
    const { createLog } = await import('./observability/log.ts')
    const { Audit } = await import('./observability/audit.ts')
    const log = createLog({ level: 'info' }, { write: line => process.stdout.write(line) }, Date.now)
    let nowMs = 0
    const audit = Audit.open(log, '${FULL}', () => nowMs)
    audit.write('sign-in', {})
    for (let wait = 0; wait < 3; wait++) await step()
    nowMs += 700_000
    for (let wait = 0; wait < 6; wait++) await step()
    await audit[Symbol.asyncDispose]()`)
  assert.equal(lines.filter(line => line.includes('audit-unwritten')).length, 2)
})

/** What is there. */
function readUpTo(descriptor: number, length: number): Buffer {
  const piece = Buffer.alloc(length)
  try {
    return piece.subarray(0, readSync(descriptor, piece))
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
    return Buffer.alloc(0)
  }
}

test('a reader that stands still holds nobody, and gets every line in order once it reads again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-log-'))
  try {
    const pipe = join(directory, 'pipe')
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
    // Non-blocking, as somebody else may have made standard output: writes to a full pipe fail then (EAGAIN).
    const descriptor = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
    const errors: Error[] = []
    const output = openLogOutput({ descriptor, onError: error => errors.push(error) })
    const lines = Array.from({ length: 3000 }, (_, number) => `${number} ${'\u00e4'.repeat(50)}\n`)
    for (const line of lines) {
      output.write(line)
      if (Number.parseInt(line, 10) % 500 === 0) await sleep(5)
    }
    const closed = output.close()
    output.write('too late\n')
    const received: Buffer[] = []
    const wanted = Buffer.byteLength(lines.join(''))
    for (let length = 0; length < wanted; ) {
      const piece = readUpTo(reader, 10_000)
      received.push(piece)
      length += piece.length
      await sleep(1)
    }
    await closed
    assert.equal(Buffer.concat(received).toString(), lines.join(''))
    assert.deepEqual(errors, [])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('what a reader that never reads keeps is bounded: past 64 Mi characters the newest lines are dropped', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-log-'))
  try {
    const pipe = join(directory, 'pipe')
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
    const output = openLogOutput({ descriptor: openSync(pipe, constants.O_RDWR), onError: () => undefined })
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
    const megabyte = (number: number) => `${`${number} `.padEnd(1_048_575, 'x')}\n`
    // The first is being written; 64 wait.
    for (let number = 0; number < 70; number++) output.write(megabyte(number))
    output.write('too much\n')
    const received: Buffer[] = []
    for (let length = 0; length < 65 * 1_048_576; ) {
      const piece = readUpTo(reader, 1_048_576)
      received.push(piece)
      length += piece.length
      await new Promise(setImmediate)
    }
    output.write('room again\n')
    const closed = output.close()
    while (!received.at(-1)?.toString().endsWith('room again\n')) {
      received.push(readUpTo(reader, 1_048_576))
      await sleep(1)
    }
    await closed
    const lines = Buffer.concat(received).toString().trim().split('\n')
    assert.deepEqual(
      lines.map(line => line.replace(/ x+$/, '')),
      [...Array.from({ length: 65 }, (_, number) => `${number}`), 'room again'],
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
