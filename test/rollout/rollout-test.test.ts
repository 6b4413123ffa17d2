/** The roll-out for real: two instances behind HAProxy, under load, first a good version, then a broken one. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { tryCommand } from '../../devkit/realm/run-command.ts'

const PROGRAM = resolve(import.meta.dirname, '../../devkit/rollout/main.ts')

test('over 20,000 requests no idempotent one fails, and the broken version is rolled back by itself', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-rollout-test-'))
  try {
    const env = { ...process.env, TMPDIR: directory }
    const { code, stdout, stderr } = await tryCommand(process.execPath, [PROGRAM, '--json'], {
      env,
      timeoutMs: 720_000,
    })
    const said = stderr.slice(-3000)
    assert.equal(code, 0, said)
    const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    assert.deepEqual(Object.keys(result), ['requests', 'failedIdempotent', 'rolledBack', 'seconds'])
    assert.ok(result.requests >= 20_000)
    assert.deepEqual([result.failedIdempotent, result.rolledBack], [0, true], said)
    assert.match(stderr, /0\.0\.3, which is broken[\s\S]*smoke test GET \S+ was answered 500[\s\S]*rolled-back/)
    assert.deepEqual(readdirSync(directory), [])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
