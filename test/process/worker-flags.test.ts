import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { workerFlags } from '../../src/process/worker-flags.ts'

test('a worker has a young generation of our size, unless the operator has chosen one', () => {
  assert.deepEqual(workerFlags(['--inspect']).slice(0, 2), ['--inspect', '--max-semi-space-size=16'])
  for (const chosen of ['--max-semi-space-size=64', '--max_semi_space_size=64'])
    assert.deepEqual(
      workerFlags([chosen]).filter(flag => /semi/.test(flag)),
      [chosen],
    )
  assert.equal(
    workerFlags([], '--trace-gc --max-semi-space-size=64').some(flag => /semi/.test(flag)),
    false,
  )
})

test('Node takes the flags, and says nothing of a function that is experimental', () => {
  const program = `require('node:vm').measureMemory().catch(() => undefined)`
  const { status, stderr } = spawnSync(process.execPath, [...workerFlags([]), '-e', program], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
})
