/** The documented TLS profiles (docs/operations.md) are what openssl and nmap find at the listener, with RSA and with ECDSA. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { type ProxyUnderTest, servingTls, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 180_000
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
const row = (name: string) =>
  [...(new RegExp(`^\\| ${name} \\| (.+) \\|$`, 'm').exec(PAGE)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(
    match => match[1],
  )
const [suites13, suites12, groups] = ['Suites of TLS 1.3', 'Suites of TLS 1.2', 'Groups'].map(row)

let directory: string
const proxies: Partial<Record<'rsa' | 'ecdsa' | 'modern', ProxyUnderTest>> = {}
const portOf = (name: keyof typeof proxies) => proxies[name]?.fixture.port ?? 0

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-tls-'))
  const keys = { rsa: ['rsa:2048'], ecdsa: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] }
  for (const name of ['rsa', 'ecdsa', 'modern'] as const) {
    const [certificateFile, privateKeyFile] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)]
    await run('openssl', [
      ...['req', '-x509', '-newkey', ...keys[name === 'rsa' ? 'rsa' : 'ecdsa'], '-nodes', '-days', '2'],
      ...[
        '-subj',
        '/CN=test',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
        '-keyout',
        privateKeyFile,
        '-out',
        certificateFile,
      ],
    ])
    const profile = name === 'modern' ? { profile: 'modern' } : {}
    proxies[name] = await startProxy({ configure: servingTls({ certificateFile, privateKeyFile, ...profile }) })
  }
})
after(async () => {
  for (const proxy of Object.values(proxies)) await proxy.close()
  await rm(directory, { recursive: true, force: true })
})

/** The suite agreed on by `openssl s_client`, or undefined. */
async function agreed(port: number, ...args: string[]): Promise<string | undefined> {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
  })
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const [, suite = '(NONE)'] = /^New, \S+, Cipher is (\S+)$/m.exec(said) ?? []
  return suite === '(NONE)' ? undefined : suite
}

/** Those of `names` that are agreed on when the client has only that one. */
async function accepted(port: number, names: readonly string[], option: (name: string) => string[]): Promise<string[]> {
  const found: string[] = []
  // Two at a time: each is a process of its own.
  const waiting = [...names]
  const work = async () => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop())
      if ((await agreed(port, ...option(name))) !== undefined) found.push(name)
  }
  await Promise.all([work(), work()])
  return found.sort()
}

async function suitesOfOpenssl(version: string): Promise<string[]> {
  const { stdout } = await run('openssl', ['ciphers', '-s', version, 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'])
  return stdout.trim().split(':')
}

for (const [name, kind] of [
  ['rsa', /RSA/],
  ['ecdsa', /ECDSA/],
] as const)
  test(`of all suites of TLS 1.2 that openssl has, those documented are taken with a certificate of ${name}`, async () => {
    const all = await suitesOfOpenssl('-tls1_2')
    assert.ok(all.length > 60)
    assert.ok(suites12?.length === 6)
    const taken = await accepted(portOf(name), all, suite => ['-tls1_2', '-cipher', `${suite}:@SECLEVEL=0`])
    assert.deepEqual(taken, suites12.filter(suite => kind.test(suite ?? '')).sort())
  })

test('each suite of TLS 1.3 that is documented is taken, and no other that openssl has', async () => {
  const all = [...new Set([...(suites13 as string[]), 'TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'])]
  for (const name of ['ecdsa', 'modern'] as const)
    assert.deepEqual(
      await accepted(portOf(name), all, suite => ['-tls1_3', '-ciphersuites', suite]),
      suites13?.toSorted(),
    )
})

test('versions before 1.2 are refused, and by the modern profile 1.2 as well', async () => {
  const old = (version: string) => [version, '-cipher', 'ALL:@SECLEVEL=0']
  for (const name of ['rsa', 'ecdsa', 'modern'] as const)
    for (const version of ['-tls1', '-tls1_1']) assert.equal(await agreed(portOf(name), ...old(version)), undefined)
  assert.equal(await agreed(portOf('modern'), ...old('-tls1_2')), undefined)
  assert.ok((await agreed(portOf('modern'), '-tls1_3')) !== undefined)
})

test('groups are those documented', async () => {
  const handshakes = async (ecdhCurve: string) => {
    const socket = connect({ host: '127.0.0.1', port: portOf('ecdsa'), rejectUnauthorized: false, ecdhCurve })
    const isDone = await once(socket, 'secureConnect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    return isDone
  }
  const taken: string[] = []
  for (const group of [...(groups as string[]), 'secp521r1', 'X448', 'ffdhe2048', 'SecP256r1MLKEM768'])
    if (await handshakes(group)) taken.push(group)
  assert.deepEqual(taken, groups)
})

test('the client chooses among suites', async () => {
  for (const suites of [suites13?.toReversed(), suites13] as string[][])
    assert.equal(await agreed(portOf('ecdsa'), '-tls1_3', '-ciphersuites', suites.join(':')), suites[0])
})

test('a client that asks to renegotiate is refused', async () => {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${portOf('ecdsa')}`, '-tls1_2'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  })
  child.stdout.once('data', () => setTimeout(() => child.stdin.write('R\n'), 500))
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')])
  assert.match(said, /RENEGOTIATING/)
  assert.match(said, /no renegotiation/)
})

test("nmap's ssl-enum-ciphers finds nothing else", async t => {
  const missing = await ensureDebianPackages(['nmap']).then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (missing !== undefined) return t.skip(missing)
  for (const name of ['rsa', 'ecdsa', 'modern'] as const) {
    const args = ['-Pn', '-p', `${portOf(name)}`, '--script', 'ssl-enum-ciphers', '127.0.0.1']
    const { stdout } = await run('nmap', args, { timeout: TIMEOUT_MS })
    const versions = [...stdout.matchAll(/^\|\s+(TLSv1\.\d|SSLv\d):/gm)].map(match => match[1])
    const found = [...stdout.matchAll(/^\|\s+(TLS_\w+)/gm)].map(match => match[1]?.replace('TLS_AKE_WITH', 'TLS'))
    const expected = name === 'modern' ? [] : suites12?.filter(suite => suite?.includes(name.toUpperCase()))
    assert.deepEqual(versions, name === 'modern' ? ['TLSv1.3'] : ['TLSv1.2', 'TLSv1.3'], stdout)
    assert.deepEqual(found.sort(), [...(expected ?? []).map(iana), ...(suites13 ?? [])].sort(), stdout)
    assert.doesNotMatch(stdout, /warnings:/)
  }
})

/** OpenSSL's name of a suite as IANA has it. */
const iana = (suite = '') =>
  `TLS_${suite.replaceAll('-', '_')}`
    .replace(/_(RSA|ECDSA)_/, '_$1_WITH_')
    .replace(/AES(128|256)/, 'AES_$1')
    .replace(/POLY1305$/, 'POLY1305_SHA256')
