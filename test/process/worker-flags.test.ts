import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { workerFlags } from '../../src/process/worker-flags.ts'

test('a worker has the flags that the operator has chosen', () => {
  const chosen = ['--inspect', '--max-semi-space-size=16']
  assert.deepEqual(workerFlags(chosen).slice(0, 2), chosen)
})

test('Node takes the flags, and says nothing of a function that is experimental', () => {
  const program = `require('node:vm').measureMemory().catch(() => undefined)`
  const { status, stderr } = spawnSync(process.execPath, [...workerFlags([]), '-e', program], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
})
