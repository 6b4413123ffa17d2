/** Versions side by side on one machine: which of them the next start runs. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { runCommand, tryCommand } from '../../../devkit/realm/run-command.ts'

const SCRIPT = resolve(import.meta.dirname, '../../../deploy/two-machines/torhaus-release')
const folders: string[] = []
after(() => folders.forEach(folder => void rmSync(folder, { recursive: true, force: true })))

let folder = ''
let env: NodeJS.ProcessEnv = {}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'torhaus-release-test-'))
  folders.push(folder)
  const own = { TORHAUS_RELEASES: join(folder, 'releases'), TORHAUS_CURRENT: join(folder, 'torhaus') }
  env = { ...process.env, ...own }
})

const release = (...args: string[]) => tryCommand(SCRIPT, args, { env })
const active = () => basename(readlinkSync(join(folder, 'torhaus')))

async function tarball(version: string, content = 'bin/torhaus.mjs'): Promise<string> {
  const top = `torhaus-${version}-linux-x64`
  mkdirSync(join(folder, top, 'bin'), { recursive: true })
  writeFileSync(join(folder, top, content), '')
  await runCommand('tar', ['-C', folder, '-cf', join(folder, `${top}.tar`), top])
  return join(folder, `${top}.tar`)
}

test('versions are installed beside one another, activated, and restored', async () => {
  for (const version of ['1.0.0-rc.1', '1.0.0']) {
    const { code, stdout } = await release('install', await tarball(version))
    assert.deepEqual([code, stdout], [0, `${version}\n`])
  }
  assert.equal((await release('activate', '1.0.0-rc.1')).code, 0)
  assert.equal(active(), '1.0.0-rc.1')
  assert.equal((await release('activate', '1.0.0')).code, 0)
  assert.equal((await release('list')).stdout, '1.0.0-rc.1\n1.0.0 (active)\n')
  assert.equal((await release('restore', '1.0.0')).code, 0)
  assert.equal(active(), '1.0.0-rc.1')
})

test('a tarball that is not the one that was signed is not installed', async () => {
  const file = await tarball('1')
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
  for (const other of ['0'.repeat(64), 'none', sha256.slice(1)]) {
    const { code, stderr } = await release('install', file, other)
    assert.deepEqual([code, /is not the file that was signed/.test(stderr)], [1, true], other)
  }
  assert.ok(!existsSync(join(folder, 'releases')))
  assert.equal((await release('install', file, sha256)).stdout, '1\n')
})

test('restoring twice, or what was never activated, goes no further back', async () => {
  for (const version of ['1', '2', '3']) await release('install', await tarball(version))
  for (const version of ['1', '2']) await release('activate', version)
  assert.equal((await release('restore', '3')).code, 0)
  assert.equal(active(), '2')
  for (let time = 0; time < 2; time++) assert.equal((await release('restore', '2')).code, 0)
  assert.equal(active(), '1')
})

test('activating twice keeps the way back', async () => {
  for (const version of ['1', '2']) await release('install', await tarball(version))
  for (const version of ['1', '2', '2']) assert.equal((await release('activate', version)).code, 0)
  await release('restore', '2')
  assert.equal(active(), '1')
})

test('what is no Torhaus, no version, or was never installed is refused, and leaves nothing', async () => {
  assert.equal((await release('install', await tarball('1', 'bin/other.mjs'))).code, 1)
  assert.deepEqual(readdirSync(join(folder, 'releases')), [])
  for (const version of ['2', '../1', '.', '', 'a b'])
    assert.equal((await release('activate', version)).code, 1, version)
  assert.equal((await release('restore', '2')).code, 0, 'it is not active')
  assert.equal((await release('destroy')).code, 2)
})

test('the version that runs is not overwritten, and a folder in place of the link stays', async () => {
  await release('install', await tarball('1'))
  await release('activate', '1')
  assert.match((await release('install', await tarball('1'))).stdout, /active already/)
  rmSync(join(folder, 'torhaus'))
  mkdirSync(join(folder, 'torhaus'))
  const { code, stderr } = await release('activate', '1')
  assert.equal(code, 1)
  assert.match(stderr, /is no link/)
})
