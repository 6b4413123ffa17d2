/** What the supervisor writes to standard output, whatever becomes of that. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMount, mountSmallDisk } from '../../devkit/torhaus/small-disk.ts'

/** Writes what it is sent, one after the other, and says how many writes have failed so far. */
const WRITER = `
import { SharedLogOutput } from ${JSON.stringify(import.meta.resolve('../../src/observability/shared-log-output.ts'))}
const output = new SharedLogOutput(() => undefined)
process.on('message', line => output.write(line, () => process.send(output.failedWrites)))
`

const record = (n: number) => `${JSON.stringify({ n, text: 'x'.repeat(700) })}\n`

test('after the disk was full, half a record is a line by itself, and the next ones are whole', {
  skip: !canMount && 'only root may mount',
}, async () => {
  await using disk = await mountSmallDisk(64)
  const file = join(disk.directory, 'log')
  const output = openSync(file, 'a')
  const writer = spawn(process.execPath, ['--input-type=module', '-e', WRITER], {
    stdio: ['ignore', output, 'inherit', 'ipc'],
  })
  closeSync(output)
  const write = async (n: number): Promise<number> => {
    writer.send(record(n))
    const [failed] = await once(writer, 'message')
    return Number(failed)
  }
  try {
    assert.equal(await write(0), 0)
    await disk.fill()
    // In the page that is begun there is room for a few, and half a one.
    let n = 1
    while ((await write(n)) === 0) n++
    const failed = await write(n + 1)
    disk.empty()
    for (const whole of [100, 101]) assert.equal(await write(whole), failed)
    const lines = readFileSync(file, 'utf8').split('\n')
    const numbers = lines.map(line => {
      try {
        return JSON.parse(line).n
      } catch {
        return line === '' ? 'nothing' : 'half'
      }
    })
    assert.deepEqual(numbers, [...Array(n).keys(), 'half', 100, 101, 'nothing'])
  } finally {
    writer.kill()
  }
})
