/** The end of a process whose log nobody takes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

const PROGRAM = `
import { write } from 'node:fs'
import { endInTime } from ${JSON.stringify(import.meta.resolve('../../src/process/end-in-time.ts'))}
process.stderr.write(\`\${process.pid}\\n\`)
await endInTime(new Promise(written => write(1, Buffer.alloc(1_048_576), written)))
process.exit(0)`

/** By how many ms such a process must be gone, in which it was to wait for 5 s. */
const MUCH_LATER_MS = 60_000

async function ended(command: string, ...args: readonly string[]) {
  const given = [...args, '--input-type=module', '-e', PROGRAM]
  const child = spawn(command, given, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MUCH_LATER_MS,
    killSignal: 'SIGKILL',
  })
  const said: Buffer[] = []
  child.stderr.on('data', (piece: Buffer) => said.push(piece))
  await once(child, 'exit')
  return { isCutOff: child.killed, said: Buffer.concat(said).toString() }
}

test('a process whose log nobody reads ends all the same', async () => {
  assert.equal((await ended(process.execPath)).isCutOff, false)
})

test('so does the first process of a container, which no signal of its own ends', {
  skip: (process.platform !== 'linux' || process.getuid?.() !== 0) && 'needs Linux and root',
}, async () => {
  const container = ['--pid', '--fork', '--kill-child', '--mount-proc']
  assert.deepEqual(await ended('unshare', ...container, process.execPath), { isCutOff: false, said: '1\n' })
})
