import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeFolder } from '../../src/io/make-folder.ts'
import { createReplayCache } from '../../src/kerberos/replay-cache.ts'

const place = mkdtempSync(join(tmpdir(), 'torhaus-make-folder-'))
after(() => rmSync(place, { recursive: true }))

test('folders that are missing are made, those that are there stay, and a file on the way is an error', () => {
  const folder = join(place, 'a/b/c')
  makeFolder(folder, 0o700)
  if (process.platform !== 'win32') assert.equal(statSync(join(place, 'a')).mode & 0o777, 0o700)
  writeFileSync(join(folder, 'file'), '')
  makeFolder(folder)
  assert.ok(existsSync(join(folder, 'file')))
  for (const below of ['', '/d', '/d/e']) assert.throws(() => makeFolder(join(folder, `file${below}`)), /E\w+: /)
})

test('where the system makes no folders at all, the replay cache says so', {
  skip: !existsSync('/proc/self') && 'looks at /proc',
}, () => {
  const opening = `
    const { createReplayCache } = await import(${JSON.stringify(new URL('../../src/kerberos/replay-cache.ts', import.meta.url))})
    createReplayCache({ directory: '/proc/torhaus/replay', skewMs: 1, now: Date.now })`
  const args = ['--input-type=module', '--eval', opening]
  const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })
  assert.equal(signal, null)
  assert.match(stderr, /\/proc\/torhaus\/replay cannot be made \(ENOENT\): /)
})

test('a folder of the replay cache is for its owner alone', {
  skip: process.platform === 'win32' && 'no modes',
}, () => {
  mkdirSync(join(place, 'cache'), { mode: 0o700 })
  for (const directory of [join(place, 'cache'), join(place, 'new/cache')]) {
    using _ = createReplayCache({ directory, skewMs: 1, now: Date.now })
    assert.equal(statSync(directory).mode & 0o777, 0o700)
  }
})
