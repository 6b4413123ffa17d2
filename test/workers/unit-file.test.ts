/** deploy/torhaus.service: systemd understands it, and it agrees with what Torhaus does. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { missingPackages } from '../../devkit/torhaus/debian-packages.ts'
import { exitCode } from '../../src/exit-codes.ts'

const ROOT = join(import.meta.dirname, '../..')
const unit = readFileSync(join(ROOT, 'deploy/torhaus.service'), 'utf8')

const settings = (name: string) => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)

test('systemd-analyze has nothing to say about the unit', async t => {
  const missing = await missingPackages(['systemd', 'procps'])
  if (missing !== undefined) return t.skip(missing)
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-unit-'))
  try {
    // Where Torhaus is here, and with an account that there is.
    const file = join(directory, 'torhaus.service')
    writeFileSync(file, unit.replaceAll('/opt/torhaus', ROOT).replaceAll(/^(User|Group)=torhaus$/gm, '$1=root'))
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', file])
    assert.deepEqual(
      `${stdout}${stderr}`.split('\n').filter(line => line.includes('torhaus.service')),
      [],
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('what another start does not help is not tried again, and the check before it decides nothing', () => {
  const prevented = (settings('RestartPreventExitStatus')[0] ?? '').split(' ').map(Number)
  assert.deepEqual(prevented, [exitCode.usage, exitCode.config])
  assert.match(
    settings('ExecStartPre')[0] ?? '',
    /^-\S+ bin\/torhaus\.mjs check --config \/etc\/torhaus\/torhaus\.yaml$/,
  )
  assert.deepEqual(settings('Type'), ['notify'])
})

test('a worker that the kernel ends for want of memory takes nobody else with it', () => {
  assert.deepEqual(settings('OOMPolicy'), ['continue'])
})

test('each folder that Torhaus writes to is made by the unit', () => {
  for (const name of ['RuntimeDirectory', 'StateDirectory', 'LogsDirectory'])
    assert.deepEqual(settings(name), ['torhaus'])
})

test('journald drops no record of a busy service, and the page on logs says who rotates them', () => {
  assert.deepEqual(settings('LogRateLimitIntervalSec'), ['0'])
  const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
  const logs = page.slice(page.indexOf('\n## Logs\n'), page.indexOf('\n### Compact access records\n'))
  for (const way of ['SystemMaxUse=', '`copytruncate`', 'audit.md#rotation', 'elastic/logrotate.conf'])
    assert.ok(logs.includes(way), way)
})
