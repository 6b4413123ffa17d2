/** What a command prints arrives whole, or its exit code and a sentence say that it does not. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'

/** With standard output into that file. */
function runInto(file: string, ...args: readonly string[]) {
  const out = openSync(file, 'w')
  try {
    const { status, stderr } = spawnSync(process.execPath, [torhausCommand, ...args], {
      stdio: ['ignore', out, 'pipe'],
    })
    return { status, error: stderr.toString() }
  } finally {
    closeSync(out)
  }
}

test('on a full disk a command ends with 1 and says why', () => {
  for (const args of [['version'], ['help'], ['sessions', 'list', '--help']]) {
    const { status, error } = runInto('/dev/full', ...args)
    assert.deepEqual([status, error], [1, 'the output cannot be written: ENOSPC: no space left on device, write\n'])
  }
  assert.equal(runInto('/dev/full', 'begin').status, 2, 'an exit code that says more stays')
  assert.deepEqual(runInto('/dev/null', 'version'), { status: 0, error: '' })
})

test('whoever reads a part of it has had enough', () => {
  const command = `"$0" "$1" help | head -1; echo "\${PIPESTATUS[0]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, torhausCommand])
  assert.match(stdout.toString(), /^usage: .*\n0\n$/)
  assert.equal(stderr.toString(), '')
})
