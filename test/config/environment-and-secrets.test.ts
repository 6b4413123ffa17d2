import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { inspect } from 'node:util'
import { addressSet, canonicalAddress, parseAddressRange } from '../../config/address-range.ts'
import type { ConfigEnvironment } from '../../config/environment.ts'
import { parseConfig } from '../../config/load.ts'
import { readKey, readSecret } from '../../config/secret.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-config-'))
})
after(() => rm(directory, { recursive: true }))

async function file(content: string): Promise<string> {
  const name = join(directory, randomBytes(6).toString('hex'))
  await writeFile(name, content)
  return name
}

async function portsFrom(environment: ConfigEnvironment): Promise<[number, number] | string> {
  const key = await file(randomBytes(32).toString('base64'))
  const source = `publicUrl: https://a.example
listener: { port: 1111 }
admin: { port: 2222 }
upstream: { url: 'https://b.example', identity: { kind: none } }
oidc: { issuer: 'https://c.example', clientId: d }
secondFactor: { acceptAcr: [e] }
session: { encryptionKeyFiles: ['${key}'] }
`
  const loaded = parseConfig(source, directory, environment)
  return loaded.ok
    ? [loaded.config.listener.port, loaded.config.admin.port]
    : loaded.diagnostics.map(({ path }) => path).join()
}

test('the environment says where to listen, the hosting platform before PORT', async () => {
  assert.deepEqual(await portsFrom({}), [1111, 2222])
  assert.deepEqual(await portsFrom({ PORT: '3333' }), [3333, 2222])
  assert.deepEqual(await portsFrom({ PORT: '3333', HTTP_PLATFORM_PORT: '4444', ADMIN_PORT: '5555' }), [4444, 5555])
})

test('a port in the environment that is none is a problem, not a default', async () => {
  for (const port of ['http', '70000', '-1', '80.5', '1e9'])
    assert.equal(await portsFrom({ PORT: port }), 'listener.port', port)
  assert.equal(await portsFrom({ ADMIN_PORT: 'x' }), 'admin.port')
})

test('a secret is read from its file without the line end, and shown nowhere', async () => {
  const secret = readSecret(await file('s3cret with space \r\n'))
  assert.equal(secret.reveal(), 's3cret with space ')
  for (const shown of [
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ secret }, { depth: 9, showHidden: true }),
    `${secret}`,
  ])
    assert.doesNotMatch(shown, /s3cret/)
})

test('an empty secret is refused', async () => {
  for (const content of ['', '\n', '\r\n']) {
    const name = await file(content)
    assert.throws(() => readSecret(name), /empty/)
  }
})

test('a key is 32 bytes in base64, and the error for another one does not show it', async () => {
  const key = randomBytes(32)
  assert.deepEqual(readKey(await file(`${key.toString('base64')}\n`)), key)
  const short = await file('c2hvcnQtc2VjcmV0')
  assert.throws(
    () => readKey(short),
    (error: Error) =>
      /32 bytes/.test(error.message) && !error.message.includes('c2hvcnQ') && !error.message.includes('short-secret'),
  )
})

test('an address has one spelling', () => {
  for (const [address, canonical] of [
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::FFFF:0a01:0203', '10.1.2.3'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['010.1.2.3', undefined],
    ['10.1.2', undefined],
    ['0x7f000001', undefined],
    ['2130706433', undefined],
    ['', undefined],
    ['::1]', undefined],
  ] as const)
    assert.equal(canonicalAddress(address), canonical, address)
})

test('a range holds what it says, and no mapped spelling widens it', () => {
  const inside = addressSet(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7', '::ffff:172.16.0.0/108'])
  for (const address of ['10.255.0.1', '2001:db8:ffff::1', '192.0.2.7', '172.31.0.1'])
    assert.ok(inside(address), address)
  for (const address of ['11.0.0.1', '2001:db9::1', '192.0.2.8', '172.32.0.1', '127.0.0.1', '::1'])
    assert.ok(!inside(address), address)
})

test('what is no range is none', () => {
  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'x/8',
    '::/129',
    '::ffff:10.0.0.0/8',
    '10.0.0.0/ 8',
  ])
    assert.equal(parseAddressRange(text), undefined, text)
})
