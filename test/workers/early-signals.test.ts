/** Signals at any time of a start, and the one that opens a debugger in other programs of Node. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { mainProgram } from '../../devkit/torhaus/torhaus-program.ts'
import { inPlace } from '../app/start-lab.ts'
import { startWorkersLab, until } from './workers-lab.ts'

const SIGHUP_BIT = 1n

/** Whether the process does something at SIGHUP (proc(5), SigCgt): Node by itself does nothing. */
function catchesHangUp(pid: number): boolean {
  const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return (BigInt(`0x${mask}`) & SIGHUP_BIT) !== 0n
}

for (const afterMs of [0, 50, 150, 300, 600, 1000])
  test(`SIGTERM ${afterMs} ms into a start ends it with 0, and nothing on standard error`, () =>
    inPlace(async (_, { file }) => {
      const child = spawn(process.execPath, [mainProgram(), '--config', file('torhaus.yaml')], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const [complaints, ended] = [text(child.stderr), once(child, 'exit')]
      try {
        await until('our code to run', () => catchesHangUp(child.pid ?? 0))
        await sleep(afterMs)
        child.kill('SIGTERM')
        assert.deepEqual(await ended, [0, null])
        assert.equal(await complaints, '')
      } finally {
        child.kill('SIGKILL')
      }
    }))

for (const afterMs of [0, 100, 200, 300, 400, 600])
  test(`SIGHUP ${afterMs} ms into a start is no end of it`, () =>
    inPlace(async ({ admin }, { file }) => {
      const child = spawn(process.execPath, [mainProgram(), '--config', file('torhaus.yaml')], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const [complaints, ended] = [text(child.stderr), once(child, 'exit')]
      const isReady = () =>
        fetch(`http://127.0.0.1:${admin.port}/readyz`).then(
          ({ status }) => status === 200,
          () => false,
        )
      try {
        await until('our code to run', () => catchesHangUp(child.pid ?? 0))
        await sleep(afterMs)
        child.kill('SIGHUP')
        await until('it to be ready', async () => {
          assert.equal(child.exitCode, null, child.exitCode === null ? '' : await complaints)
          return isReady()
        })
        child.kill('SIGTERM')
        assert.deepEqual(await ended, [0, null])
        assert.equal(await complaints, '')
      } finally {
        child.kill('SIGKILL')
      }
    }))

test('SIGUSR1 opens no debugger, at the supervisor or a worker, and both go on', async () => {
  const lab = await startWorkersLab({ workers: 1 })
  try {
    const pids = [lab.supervisor.pid ?? 0, ...lab.workers()]
    assert.equal(pids.length, 2)
    for (const pid of pids) process.kill(pid, 'SIGUSR1')
    assert.equal((await lab.readiness()).status, 200)
    assert.deepEqual(lab.workers(), pids.slice(1))
    assert.equal(lab.errors(), '')
  } finally {
    await lab.close()
  }
})
