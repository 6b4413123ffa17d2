/** Which hash a certificate binds by, and what tokens must say of it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { bindingDigest } from '../../../config/channel-binding-rules.ts'
import { forgedKeytab, forgedToken } from '../../../devkit/realm/forged-token.ts'
import { createAcceptor } from '../../../src/kerberos/acceptor.ts'
import { KerberosError } from '../../../src/kerberos/kerberos-error.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { tlsServerEndPoint } from '../../../src/kerberos/protocol/channel-bindings.ts'
import { GSS_CHECKSUM, plainGssChecksum } from '../../../src/kerberos/protocol/gss-token.ts'

const run = promisify(execFile)
let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-bindings-'))
  await writeFile(join(directory, 'keytab'), forgedKeytab())
})
after(() => rm(directory, { recursive: true }))

async function certificateOf(...options: readonly string[]): Promise<X509Certificate> {
  const file = join(directory, 'certificate.pem')
  const usual = ['-x509', '-nodes', '-days', '2', '-subj', '/CN=test', '-keyout', '/dev/null', '-out', file]
  await run('openssl', ['req', ...usual, '-newkey', ...options])
  return new X509Certificate(await readFile(file))
}

describe('a certificate binds', () => {
  const curve = (name: string) => ['ec', '-pkeyopt', `ec_paramgen_curve:${name}`]
  for (const [options, digest] of [
    [['rsa:2048', '-sha256'], 'sha256'],
    [['rsa:2048', '-sha384'], 'sha384'],
    [['rsa:2048', '-sha1'], 'sha256'],
    [[...curve('prime256v1'), '-sha256'], 'sha256'],
    [[...curve('secp384r1'), '-sha512'], 'sha512'],
    [['rsa:2048', '-sha256', '-sigopt', 'rsa_padding_mode:pss'], undefined],
    [['ed25519'], undefined],
  ] as const) {
    it(`by ${digest ?? 'nothing'} where it is signed with ${options.join(' ')}`, async () => {
      const certificate = await certificateOf(...options)
      assert.equal(bindingDigest(certificate), digest)
      const found = tlsServerEndPoint(certificate)
      if (digest === undefined) return assert.equal(found, undefined)
      const hash = createHash(digest).update(certificate.raw).digest()
      const data = Buffer.concat([Buffer.from('tls-server-end-point:'), hash])
      // Five numbers (RFC 4121 4.1.1.2), all zero but the last.
      const numbers = Buffer.from([...Array(16).fill(0), data.length, 0, 0, 0])
      assert.deepEqual(found, createHash('md5').update(numbers).update(data).digest())
    })
  }
})

describe('a token', () => {
  const nowMs = Date.UTC(2026, 5, 1)
  const ours = Buffer.alloc(16, 1)
  const codeOf = async (bindings: Buffer, isRequired: boolean, isForwarded: boolean): Promise<string> => {
    using keytab = new KeytabFile(join(directory, 'keytab'))
    using acceptor = createAcceptor({
      ...{ keytab, services: ['HTTP/proxy.corp.test@CORP.TEST'], directory: { realm: 'CORP.TEST' } },
      ...{ replays: { check: async () => undefined, [Symbol.dispose]: () => undefined }, now: () => nowMs },
      bindings: { hash: ours, isRequired },
    })
    const checksum = { type: GSS_CHECKSUM, octets: plainGssChecksum(bindings) }
    try {
      return (await acceptor.accept(forgedToken({ nowMs, checksum }), isForwarded)).principal
    } catch (error) {
      assert(error instanceof KerberosError, `${error}`)
      return error.code
    }
  }
  const [ok, mismatch] = ['alice@CORP.TEST', 'bindings-mismatch']
  const almost = Buffer.from(ours)
  almost[15] = 2

  for (const [how, isRequired, isForwarded, expected] of [
    ['where bindings are accepted', false, false, [ok, mismatch, ok]],
    ['where they are accepted, by way of a proxy', false, true, [ok, ok, ok]],
    ['where they are required', true, false, [ok, mismatch, mismatch]],
    ['where they are required, by way of a proxy', true, true, [ok, mismatch, mismatch]],
  ] as const)
    it(`with ours, another and none, ${how}: ${expected.join(', ')}`, async () => {
      const found: string[] = []
      for (const bindings of [ours, almost, Buffer.alloc(16)])
        found.push(await codeOf(bindings, isRequired, isForwarded))
      assert.deepEqual(found, expected)
    })
})
