import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const MAIN = join(import.meta.dirname, '../../devkit/attack/main.ts')

test('of all attacks in the list, none reaches the origin server', { timeout: 840_000 }, async t => {
  const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>(resolve =>
    execFile(process.execPath, [MAIN, '--json'], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    ),
  )
  const { tried, reached, slowest } = JSON.parse(stdout)
  assert.deepEqual(reached, [], stderr)
  assert.equal(code, 0)
  assert.ok(tried >= 150, `${tried} attacks`)
  assert.ok(typeof slowest.name === 'string' && slowest.ms > 0)
  t.diagnostic(stdout.trim())
})
