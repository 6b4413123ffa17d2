import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'

const torhaus = resolve(import.meta.dirname, '../../bin/torhaus.mjs')
let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-config-'))
})
after(() => rm(directory, { recursive: true, force: true }))

const setting = () => ({
  port: 8080,
  adminPort: 9090,
  upstreamUrl: 'http://127.0.0.1:8081',
  issuer: 'http://127.0.0.1:8082',
  clientSecret: 'client secret',
  directory,
})

test('the configuration written is valid, and its secrets are for their owner only', async () => {
  const file = await writeTorhausConfig(setting())
  const { status, stderr } = spawnSync(process.execPath, [torhaus, 'check', file], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(status, 0, stderr)
  for (const name of ['assertion-key.pem', 'session-key', 'client-secret']) {
    assert.equal((await stat(join(directory, name))).mode & 0o077, 0, name)
  }
})

test('a test can change what is written', async () => {
  const file = await writeTorhausConfig(setting(), config => ({ ...config, account: { template: 'no claim' } }))
  const { status, stderr } = spawnSync(process.execPath, [torhaus, 'check', file], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(status, 78)
  assert.match(stderr, /account\.template/)
})
