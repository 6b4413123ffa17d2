/** What is left of a run of tests that somebody ends. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'

const RUN = resolve(import.meta.dirname, '../run.ts')
const skip = !existsSync('/proc/self') && 'looks at /proc'

/** In a group of its own, as Torhaus is; and a folder that nobody registers. */
const TEST = `
  import { spawn } from 'node:child_process'
  import { mkdtempSync, writeFileSync } from 'node:fs'
  import { tmpdir } from 'node:os'
  import { join } from 'node:path'
  import { test } from 'node:test'
  test('waits', async () => {
    const { pid } = spawn('sleep', ['900'], { detached: true, stdio: 'ignore' })
    writeFileSync(join(mkdtempSync(join(tmpdir(), 'left-')), 'file'), 'content')
    writeFileSync(process.env.TELL_IN, pid + ' ' + process.pid + ' ' + tmpdir() + ' ')
    await new Promise(() => setInterval(() => undefined, 1000))
  })`

for (const [signal, status] of [
  ['SIGTERM', 130],
  ['SIGINT', 130],
  ['SIGKILL', null],
] as const)
  test(`${signal} ends a run with the processes and the files of its tests`, { skip }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'torhaus-run-'))
    const [file, told] = [join(directory, 'waits.test.ts'), join(directory, 'told')]
    writeFileSync(file, TEST)
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const run = spawn(process.execPath, [RUN, file], {
      ...{ cwd: resolve(RUN, '../..'), env: { ...env, TELL_IN: told, TMPDIR: directory }, stdio: 'ignore' },
    })
    const pids: number[] = []
    try {
      const ended = once(run, 'exit')
      await eventually(() => existsSync(told) && readFileSync(told, 'utf8').endsWith(' '), 'the test runs')
      const [sleeper = '', tester = '', folder = ''] = readFileSync(told, 'utf8').split(' ')
      pids.push(Number(sleeper), Number(tester))
      assert.deepEqual(
        readdirSync(folder).map(name => name.slice(0, 5)),
        ['left-'],
      )
      run.kill(signal)
      assert.equal((await ended)[0], status)
      await eventually(() => !pids.some(isRunning), 'what the test has started ends')
      await eventually(() => !existsSync(folder), 'its folder goes')
    } finally {
      run.kill('SIGKILL')
      for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGKILL')
      rmSync(directory, { recursive: true, force: true })
    }
  })

const isRunning = (pid: number) => existsSync(`/proc/${pid}`)
