import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const SOURCES = join(import.meta.dirname, '../../src')
/** Every write to it fails with ENOSPC (full(4)). */
const FULL = '/dev/full'

/** What a process of its own prints and how it ends; each step is half a second after the one before. */
function ran(steps: string) {
  const program = `const step = () => new Promise(done => setTimeout(done, 500)); ${steps}; console.log('goes on'); process.exit(0)`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    cwd: SOURCES,
    timeout: 20_000,
  })
  return { status, stderr, lines: stdout.trim().split('\n') }
}

test('a full disk ends no process that writes its log there', { skip: !existsSync(FULL) }, () => {
  const { status, lines, stderr } = ran(`
    const { openSync } = await import('node:fs')
    const { openLogOutput } = await import('./log-output.ts')
    const output = openLogOutput({ descriptor: openSync('${FULL}', 'w') })
    for (let line = 0; line < 3; line++) { output.write('x\\n'); await step() }
    await output.close()`)
  assert.deepEqual([status, lines, stderr], [0, ['goes on'], ''])
})

test('an audit log on a full disk is told of among the other records, once', { skip: !existsSync(FULL) }, () => {
  const { status, lines } = ran(`
    const { createLog } = await import('./log.ts')
    const { Audit } = await import('./audit.ts')
    const audit = Audit.open(createLog({ level: 'info' }, { write: line => process.stdout.write(line) }), '${FULL}')
    for (let record = 0; record < 3; record++) { audit.write('sign-in', {}); await step() }
    await audit.close()`)
  assert.equal(status, 0)
  const records = lines.slice(0, -1).map(line => JSON.parse(line))
  assert.deepEqual(
    records.map(record => [record['event.action'], record['error.message']]),
    [['audit-unwritten', 'ENOSPC: no space left on device, write']],
  )
  assert.equal(lines.at(-1), 'goes on')
})
