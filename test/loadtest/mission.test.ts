/** The whole mission in its short form: what is counted, never what a clock says. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { tryCommand } from '../../devkit/realm/run-command.ts'

const PROGRAM = resolve(import.meta.dirname, '../../loadtest/mission/main.ts')
const KEYS = ['requests', 'errors', 'addedP99Ms', 'cpuUsPerRequest', 'upstreamSockets', 'kdcRequests', 'bytes']

test('a short mission with a roll-out in the middle ends without an error, and leaves nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-mission-test-'))
  try {
    const env = { ...process.env, TMPDIR: directory }
    const args = [PROGRAM, '--short', '--json']
    const { code, stdout, stderr } = await tryCommand(process.execPath, args, { env, timeoutMs: 840_000 })
    const said = stderr.slice(-3000)
    assert.equal(code, 0, said)
    const figures = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    assert.deepEqual(Object.keys(figures), KEYS)
    assert.ok(Object.values(figures).every(Number.isFinite), stdout)
    assert.equal(figures.errors, 0, said)
    assert.ok(figures.requests > 500)
    assert.ok(figures.kdcRequests > 0 && figures.upstreamSockets > 0 && figures.bytes > 1e7, stdout)
    assert.match(stderr, /rolled-out/)
    assert.deepEqual(readdirSync(directory), [])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a signal while it starts ends it before it has started everything, and it leaves nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-mission-test-'))
  const env = { ...process.env, TMPDIR: directory }
  const child = spawn(process.execPath, [PROGRAM, '--short'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    const ended = once(child, 'exit')
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (!said.includes('starting the directory') && text.includes('starting the directory')) child.kill('SIGTERM')
      said += text
    })
    assert.deepEqual(await ended, [130, null], said)
    assert.doesNotMatch(said, /signing people in|failed/)
    assert.deepEqual(readdirSync(directory), [])
  } finally {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
})

test('the mission takes known options only', async () => {
  for (const args of [
    ['--rate', 'fast'],
    ['--minutes', '3'],
  ])
    assert.equal((await tryCommand(process.execPath, [PROGRAM, ...args])).code, 2)
})
