/** Origin servers that want to see a client certificate: shown, renewed, forgotten, of the wrong authority. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { type CertificateAuthority, createAuthority } from '../../devkit/torhaus/certificate-authority.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { connectionFailure } from '../../src/doctor/connection-failure.ts'
import { examineUpstream } from '../../src/doctor/upstream.ts'
import { type AskingServer, type ServerKind, startAskingServer } from './asking-servers.ts'

const PASSWORD = 'correct horse: ünïcode'
const KINDS: readonly ServerKind[] = ['nginx', 'apache']

let directory: string
let authority: CertificateAuthority
let other: CertificateAuthority
const servers: Partial<Record<ServerKind, AskingServer>> = {}
const urlOf = (kind: ServerKind) => servers[kind]?.url ?? ''
const at = (name: string) => join(directory, name)

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-asking-'))
  // Apache's workers are another account.
  chmodSync(directory, 0o755)
  authority = createAuthority(directory, 'ca')
  other = createAuthority(directory, 'other')
  for (const kind of KINDS) servers[kind] = await startAskingServer(kind, directory, authority)
})
after(async () => {
  for (const server of Object.values(servers)) await server[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const filesOf = ({ certificateFile, privateKeyFile }: { certificateFile: string; privateKeyFile: string }) => ({
  certificateFile,
  privateKeyFile,
})

async function through<T>(kind: ServerKind, tls: object, ask: (proxy: ProxyUnderTest) => Promise<T>): Promise<T> {
  const settings = { tls: { caFile: authority.certificateFile, ...tls } }
  const proxy = await startProxy({ upstreamUrl: urlOf(kind), configure: configured({}, settings) })
  try {
    return await ask(proxy)
  } finally {
    await proxy.close()
  }
}

const codeOf = (kind: ServerKind, tls: object) =>
  through(kind, tls, async proxy => {
    const response = await proxy.pass('GET /')
    return [response.status, response.one('X-Torhaus-Error')]
  })

for (const kind of KINDS) {
  test(`${kind} is shown the certificate, with a key that is encrypted as well`, async () => {
    const { certificateFile, privateKeyFile } = authority.sign('DNS:torhaus')
    await writeFile(at('password'), `${PASSWORD}\n`, { mode: 0o600 })
    const encrypt = ['pkey', '-in', privateKeyFile, '-aes256', '-passout', `file:${at('password')}`]
    await runCommand('openssl', [...encrypt, '-out', at('encrypted.key')])
    const locked = { privateKeyFile: at('encrypted.key'), privateKeyPasswordFile: at('password') }
    for (const key of [{ privateKeyFile }, locked])
      await through(kind, { certificateFile, ...key }, async proxy => {
        // The second one resumes the TLS session of the first, on a connection of another account.
        for (const ask of [proxy.pass('GET /'), proxy.ask('GET /', [proxy.bearerField])]) {
          const response = await ask
          assert.equal(response.status, 200, response.text)
          assert.match(response.text, /^seen CN ?= ?ca-\d+$/)
        }
      })
  })

  test(`${kind} is shown another certificate after a start with it`, async () => {
    const [first, second] = [authority.sign('DNS:first'), authority.sign('DNS:second')]
    await copyFile(first.certificateFile, at('renewed.pem'))
    await copyFile(first.privateKeyFile, at('renewed.key'))
    const tls = { certificateFile: at('renewed.pem'), privateKeyFile: at('renewed.key') }
    await through(kind, tls, async proxy => {
      const before = (await proxy.pass('GET /')).text
      await copyFile(second.certificateFile, at('renewed.pem'))
      await copyFile(second.privateKeyFile, at('renewed.key'))
      await proxy.fixture.restart(config => config)
      const after = (await proxy.pass('GET /')).text
      assert.match(after, /^seen CN/)
      assert.notEqual(after, before)
    })
  })
}

test('a server that ends the handshake because of our certificate, or for want of one, is a TLS fault', async () => {
  assert.deepEqual(await codeOf('apache', {}), [502, 'upstream-tls-failed'])
  assert.deepEqual(await codeOf('apache', filesOf(other.sign('DNS:stranger'))), [502, 'upstream-tls-failed'])
  assert.deepEqual(await codeOf('apache', filesOf(authority.sign('DNS:old', -1))), [502, 'upstream-tls-failed'])
  // nginx answers by itself, and its answer is the client's.
  assert.deepEqual(await codeOf('nginx', {}), [400, undefined])
})

async function foundBy(url: string, tls: object): Promise<string[]> {
  const config = {
    upstream: { ...{ url, host: 'upstream', connectTimeoutMs: 5000, identity: { kind: 'none' } }, tls },
    credentials: { personalAccessTokens: [] },
    publicUrl: 'https://devops.example.com',
  }
  const ground = { config, now: Date.now, environment: {} } as unknown as Parameters<typeof examineUpstream>[0]
  return (await examineUpstream(ground)).map(({ what, option }) => `${option}: ${what}`)
}

test('doctor says that a certificate is wanted, or not taken', async () => {
  const ca = { caFile: authority.certificateFile }
  const stranger = { ...ca, ...filesOf(other.sign('DNS:stranger')) }
  const cases: [ServerKind, object, RegExp][] = [
    ['nginx', ca, /^upstream\.tls: the origin server requires a client certificate, and answers 400$/],
    ['nginx', stranger, /^upstream\.tls\.certificateFile: the origin server does not accept our client certificate/],
    ['apache', ca, /requires a client certificate$/],
    ['apache', stranger, /aborts the TLS handshake \(ERR_SSL_\w+_ALERT_UNKNOWN_CA\)$/],
  ]
  for (const [kind, tls, says] of cases) {
    const found = await foundBy(urlOf(kind), tls)
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0] ?? '', says)
  }
  const good = { ...ca, ...filesOf(authority.sign('DNS:torhaus')) }
  for (const kind of KINDS) {
    // Node's agent would resume a session in which another certificate was shown.
    await using fresh = await startAskingServer(kind, at('fresh'), authority)
    assert.deepEqual(await foundBy(fresh.url, good), [])
  }
})

test('an alert of somebody whom we show no certificate is told in the words of OpenSSL', () => {
  const destination = { name: 'the OP', url: new URL('https://op'), option: 'oidc.issuer', authorities: 'a', why: 'b' }
  const error = Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' })
  assert.match(connectionFailure(destination, error).what, /cannot be reached: alert/)
})
