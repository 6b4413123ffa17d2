/** A disk that takes what is written and does not come back holds the event loop, which writes the store itself. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startWorkersLab, until } from '../workers/workers-lab.ts'

/** What SQLite writes does not return within a minute. */
const BLOCKED_DISK = [
  ...['-e', 'trace=pwrite64,fdatasync,fsync'],
  ...['-e', 'inject=pwrite64,fdatasync,fsync:delay_enter=60000000'],
]

test('a worker whose disk takes what it writes and does not come back is killed, too', async () => {
  const lab = await startWorkersLab({ workers: 1 })
  const [pid = 0] = lab.workers()
  const disk = spawn('strace', ['-f', '-o', '/dev/null', '-p', String(pid), ...BLOCKED_DISK], { stdio: 'pipe' })
  try {
    await until('the hold on its disk', () => /TracerPid:\t[1-9]/.test(readFileSync(`/proc/${pid}/status`, 'latin1')))
    // A session is written by the event loop itself; whoever signs in meanwhile has to try again.
    const signIn = lab.signedIn().catch(() => undefined)
    const hung = await lab.logged(record => record['event.action'] === 'worker-hung')
    assert.deepEqual([hung['torhaus.worker'], hung['torhaus.silent']], [pid, 'heartbeat'])
    await until('another one', async () => (await lab.readiness()).status === 200)
    await signIn
    await lab.signedIn()
  } finally {
    disk.kill('SIGKILL')
    await lab.close()
  }
})
