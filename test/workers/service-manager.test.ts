/** What systemd hears: ready, alive, stopping. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { missingPackages } from '../../devkit/torhaus/debian-packages.ts'
import { startWorkersLab, until } from './workers-lab.ts'

/** Node has no datagram sockets of this family. Prints a line per message. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    data, ancillary, _, _ = s.recvmsg(4096, 4096)
    for _, _, descriptor in ancillary:
        for number in memoryview(descriptor).cast('i'):
            __import__('os').close(number)
    print(data.decode().replace(chr(10), ' '), flush=True)
`

async function startReceiver(): Promise<{ socket: string; messages(): string; close(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-notify-'))
  const socket = join(directory, 'notify')
  const child: ChildProcess = spawn('python3', ['-c', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  let messages = ''
  child.stdout?.on('data', (chunk: Buffer) => (messages += chunk.toString()))
  const ended = once(child, 'exit')
  await until('the receiver', () => messages.includes('bound'))
  return {
    socket,
    messages: () => messages,
    async close() {
      child.kill('SIGKILL')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const count = (text: string, word: string) => text.split(word).length - 1

test('systemd is told ready, alive, and stopping', async t => {
  const missing = await missingPackages(['systemd', 'python3'])
  if (missing !== undefined) return t.skip(missing)
  const receiver = await startReceiver()
  Object.assign(process.env, { NOTIFY_SOCKET: receiver.socket, WATCHDOG_USEC: '4000000' })
  const lab = await startWorkersLab({ workers: 1, drainDelayMs: 0 }).finally(() => {
    delete process.env.NOTIFY_SOCKET
    delete process.env.WATCHDOG_USEC
  })
  try {
    await until('ready', () => receiver.messages().includes('READY=1'))
    await until('alive, twice', () => count(receiver.messages(), 'WATCHDOG=1') >= 2)
    assert.equal((await lab.livez()).status, 200)
    lab.supervisor.kill('SIGTERM')
    await until('stopping', () => receiver.messages().includes('STOPPING=1'))
    assert.equal(await lab.ended(), 0)
    assert.equal(lab.lines().filter(line => line.includes('"service-manager"')).length, 0)
  } finally {
    await lab.close()
    await receiver.close()
  }
})
