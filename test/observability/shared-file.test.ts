/** Several processes that write their records to one file, on a disk that was full. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMount, mountSmallDisk, type SmallDisk } from '../../devkit/torhaus/small-disk.ts'

const skip = !canMount && 'only root may mount'
const source = (name: string) => JSON.stringify(import.meta.resolve(`../../src/observability/${name}.ts`))

/** Each tells when a write has failed, and when all was written. */
const WORKER = `
import { openLogOutput } from ${source('log-output')}
const output = openLogOutput({ batchMs: 0, onError: () => process.send('failed') })
process.on('message', line => line === '' ? output.close().then(() => process.send('written')) : output.write(line))`
const SUPERVISOR = `
import { SharedLogOutput } from ${source('shared-log-output')}
const output = new SharedLogOutput(() => process.send('failed'))
process.on('message', line => line === '' ? output.end(() => process.send('written')) : output.write(line))`

const record = (name: string, length: number) => `${JSON.stringify({ name, text: 'x'.repeat(length) })}\n`

/** Names of the records; what is none, is 'half'. */
function namesIn(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  assert.equal(lines.pop(), '')
  return lines.map(line => {
    try {
      return JSON.parse(line).name
    } catch {
      return line === '' ? 'nothing' : 'half'
    }
  })
}

async function heard(writer: ChildProcess, wanted: string): Promise<void> {
  for (;;) if ((await once(writer, 'message'))[0] === wanted) return
}

async function writersOn(disk: SmallDisk, ...programs: readonly string[]) {
  const file = join(disk.directory, 'log')
  // In the page that is begun there is room for half a record.
  writeFileSync(file, record('first', 100))
  const output = openSync(file, 'a')
  const writers = programs.map(program =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', output, 'inherit', 'ipc'] }),
  )
  closeSync(output)
  return { file, writers }
}

async function tells(writer: ChildProcess, line: string, wanted: string): Promise<void> {
  const told = heard(writer, wanted)
  writer.send(line)
  await told
}

for (const [who, program, last] of [
  ['another worker', WORKER, ['first', 'half', 'other', 'more', 'torn']],
  ['the supervisor, which tries nothing again', SUPERVISOR, ['first', 'half', 'more', 'torn']],
] as const)
  test(`half a record of one stands alone, and each whole one of ${who} in a line of its own`, { skip }, async () => {
    await using disk = await mountSmallDisk(64)
    const { file, writers } = await writersOn(disk, WORKER, program)
    const [torn, other] = writers as [ChildProcess, ChildProcess]
    try {
      await disk.fill()
      await tells(torn, record('torn', 9000), 'failed')
      torn.kill('SIGSTOP')
      await tells(other, record('other', 100), 'failed')
      disk.empty()
      other.send(record('more', 100))
      await tells(other, '', 'written')
      torn.kill('SIGCONT')
      await tells(torn, '', 'written')
      assert.deepEqual(namesIn(file), last)
    } finally {
      for (const writer of writers) writer.kill('SIGKILL')
    }
  })

test('a record goes on where it was torn, where nobody else has written meanwhile', { skip }, async () => {
  await using disk = await mountSmallDisk(64)
  const { file, writers } = await writersOn(disk, WORKER)
  const [writer] = writers as [ChildProcess]
  try {
    await disk.fill()
    await tells(writer, record('torn', 9000), 'failed')
    disk.empty()
    writer.send(record('next', 100))
    await tells(writer, '', 'written')
    assert.deepEqual(namesIn(file), ['first', 'torn', 'next'])
  } finally {
    writer.kill('SIGKILL')
  }
})
