import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { parseConfig } from '../../config/load.ts'
import { createCertificate } from '../../devkit/torhaus/certificate.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-config-'))
  for (const name of ['key', 'password']) await writeFile(join(directory, name), randomBytes(32).toString('base64'))
  const pair = await createCertificate('DNS:redis')
  await copyFile(pair.certificateFile, join(directory, 'cert.pem'))
  await copyFile(pair.privateKeyFile, join(directory, 'key.pem'))
  await pair.remove()
})
after(() => rm(directory, { recursive: true }))

const URLS = ['rediss://redis.example:6379']

function load(store: object, rest: object = {}) {
  const config = {
    publicUrl: 'https://devops.example',
    upstream: { url: 'https://tfs.example', identity: { kind: 'none' } },
    oidc: { issuer: 'https://op.example', clientId: 'torhaus' },
    secondFactor: { acceptAcr: ['mfa'] },
    session: { encryptionKeyFiles: ['key'], store },
    ...rest,
  }
  return parseConfig(stringify(config), directory, {})
}

/** `path message` of each problem, the beginning of the path left out. */
function problemsOf(redis: object, rest: object = {}): string[] {
  const loaded = load({ kind: 'redis', redis }, rest)
  return loaded.ok
    ? []
    : loaded.diagnostics.map(({ path, message }) => `${path.replace('session.store.redis', '')} ${message}`)
}

test('SQLite is the default, and Redis needs its section', () => {
  const loaded = load({})
  assert.ok(loaded.ok)
  assert.equal(loaded.config.session.store.kind, 'sqlite')
  const without = load({ kind: 'redis' })
  assert.deepEqual(without.ok ? [] : without.diagnostics.map(({ path }) => path), ['session.store.redis'])
})

test('each mode is valid with what it needs, and short commands and five minutes of grace are the defaults', () => {
  const loaded = load({ kind: 'redis', redis: { urls: URLS } })
  assert.ok(loaded.ok, JSON.stringify(loaded))
  const { commandTimeoutMs, graceSeconds, keyPrefix, mode } = loaded.config.session.store.redis ?? {}
  assert.deepEqual([commandTimeoutMs, graceSeconds, keyPrefix, mode], [500, 300, 'torhaus', 'single'])
  const secrets = { username: 'torhaus', passwordFile: 'password' }
  const tls = { caFile: 'cert.pem', certificateFile: 'cert.pem', privateKeyFile: 'key.pem', serverName: 'redis' }
  assert.deepEqual(problemsOf({ urls: URLS, ...secrets, tls }), [])
  assert.deepEqual(problemsOf({ urls: [...URLS, 'rediss://[2001:db8::1]'], mode: 'cluster' }), [])
  const sentinel = { urls: URLS, mode: 'sentinel', masterName: 'm', sentinelPasswordFile: 'password' }
  assert.deepEqual(problemsOf(sentinel), [])
})

test('a password in the URL, a database, and another scheme are problems', () => {
  const problem = (url: string) => problemsOf({ urls: [url] })
  for (const url of ['rediss://user:secret@redis.example', 'rediss://:secret@redis.example']) {
    const [first = '', ...others] = problem(url)
    assert.match(first, /urls\[0\] must not contain credentials/)
    assert.deepEqual(others, [])
    assert.doesNotMatch(first, /secret/)
  }
  assert.match(problem('rediss://redis.example/2').join(), /without a database/)
  for (const url of ['https://redis.example', 'redis.example:6379', 'unix:///run/redis.sock'])
    assert.match(problem(url).join(), /must be a redis:\/\/ or rediss:\/\/ URL/, url)
})

test('without TLS only loopback is allowed, unless plain http is', () => {
  assert.deepEqual(problemsOf({ urls: ['redis://127.0.0.1:6379'] }), [])
  const plain = { urls: ['redis://redis.example'] }
  assert.match(problemsOf(plain).join(), /urls\[0\] must be rediss/)
  assert.deepEqual(problemsOf(plain, { allowPlainHttp: true }), [])
})

test('options that do not fit together are named', () => {
  const cases: [object, RegExp][] = [
    [{ urls: [...URLS, ...URLS] }, /urls must have one entry/],
    [{ urls: [], mode: 'cluster' }, /urls/],
    [{ urls: URLS, mode: 'sentinel' }, /masterName is required/],
    [{ urls: URLS, masterName: 'm' }, /masterName is for mode sentinel/],
    [{ urls: URLS, sentinelPasswordFile: 'password' }, /sentinelPasswordFile is for mode sentinel/],
    [{ urls: [...URLS, 'redis://127.0.0.1'], mode: 'cluster' }, /all be redis:\/\/ or all be rediss:\/\//],
    [{ urls: ['redis://127.0.0.1'], tls: { caFile: 'cert.pem' } }, /tls is for rediss/],
    [{ urls: URLS, username: 'torhaus' }, /passwordFile is required with username/],
    [{ urls: URLS, tls: { certificateFile: 'cert.pem' } }, /tls needs both/],
    [{ urls: URLS, passwordFile: 'missing' }, /does not exist/],
    [{ urls: URLS, keyPrefix: 'a{b}' }, /keyPrefix/],
    [{ urls: URLS, password: 'x' }, /password is not an option/],
  ]
  for (const [redis, expected] of cases) assert.match(problemsOf(redis).join('\n'), expected)
})
