/** A private key that is encrypted: opened by its password from a file, which no message shows. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { checkCertificateFiles } from '../../config/certificate-files.ts'
import type { Config } from '../../config/schema.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { servingTls, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const PASSWORD = 'correct horse: ünïcode'
const directory = mkdtempSync(join(tmpdir(), 'torhaus-encrypted-key-'))
const at = (name: string) => join(directory, name)
let certificate: Certificate

before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  writeFileSync(at('password'), `${PASSWORD}\n`, { mode: 0o600 })
  writeFileSync(at('wrong'), 'battery staple\n')
  writeFileSync(at('empty'), '\n')
  const encrypt = ['pkey', '-in', certificate.privateKeyFile, '-aes256', '-passout', `file:${at('password')}`]
  execFileSync('openssl', [...encrypt, '-out', at('key.pem')])
  execFileSync('openssl', [...encrypt, '-traditional', '-out', at('old.pem')])
  for (const name of ['key.pem', 'old.pem']) chmodSync(at(name), 0o600)
})
after(async () => {
  rmSync(directory, { recursive: true, force: true })
  await certificate.remove()
})

function problems(privateKeyFile: string, password?: string): string[] {
  const { certificateFile } = certificate
  const tls = { certificateFile, privateKeyFile, ...(password && { privateKeyPasswordFile: at(password) }) }
  const found: string[] = []
  checkCertificateFiles({ listener: { tls } } as unknown as Pick<Config, 'listener'>, (path, message) =>
    found.push(`${path}: ${message}`),
  )
  return found
}

test('the password that opens the key is no problem, in either format', () => {
  assert.deepEqual(problems(at('key.pem'), 'password'), [])
  assert.deepEqual(problems(at('old.pem'), 'password'), [])
})

test('a key has its place behind the certificate, or behind the parameters of its curve', () => {
  const chain = readFileSync(certificate.certificateFile, 'latin1')
  for (const format of ['key.pem', 'old.pem']) {
    writeFileSync(at('both.pem'), `${chain}${readFileSync(at(format), 'latin1')}`, { mode: 0o600 })
    assert.deepEqual(problems(at('both.pem'), 'password'), [])
    assert.match(
      problems(at('both.pem')).join(),
      /^listener\.tls\.privateKeyFile: \S+ contains an encrypted private key/,
    )
  }
  const curve = execFileSync('openssl', ['ecparam', '-name', 'prime256v1'], { encoding: 'latin1' })
  assert.match(curve, /^-----BEGIN EC PARAMETERS-----/)
  writeFileSync(at('curve.pem'), `${curve}${readFileSync(certificate.privateKeyFile, 'latin1')}`, { mode: 0o600 })
  assert.deepEqual(problems(at('curve.pem')), [])
})

test('each mistake is told by its option, and shows no password', () => {
  const cases: [string[], RegExp][] = [
    [problems(at('key.pem')), /^listener\.tls\.privateKeyFile: \S+ contains an encrypted private key/],
    [
      problems(at('key.pem'), 'wrong'),
      /^listener\.tls\.privateKeyPasswordFile: the password in \S+ does not open \S+key\.pem/,
    ],
    [problems(at('key.pem'), 'empty'), /^listener\.tls\.privateKeyPasswordFile: \S+ is empty/],
    [problems(at('key.pem'), 'missing'), /^listener\.tls\.privateKeyPasswordFile: \S+ cannot be read/],
    [problems(certificate.privateKeyFile, 'password'), /^listener\.tls\.privateKeyPasswordFile: \S+ is not encrypted/],
  ]
  for (const [found, says] of cases) {
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0] ?? '', says)
    assert.doesNotMatch(found[0] ?? '', /horse|staple/)
  }
})

test('a listener with an encrypted key serves its certificate', async () => {
  const tls = {
    certificateFile: certificate.certificateFile,
    ...{ privateKeyFile: at('key.pem'), privateKeyPasswordFile: at('password') },
  }
  const proxy = await startProxy({ configure: servingTls(tls) })
  try {
    const subject = await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: proxy.fixture.port, ca: certificate.certificate }
      const socket = connect(options, () => {
        resolve(socket.getPeerX509Certificate()?.toString())
        socket.destroy()
      })
      socket.once('error', reject)
    })
    assert.equal(subject, certificate.certificate)
  } finally {
    await proxy.close()
  }
})

test('certificate and key in one file are taken, whichever comes first', () => {
  const { certificate: cert, privateKey: key } = certificate
  for (const [name, text] of Object.entries({ 'cert-first.pem': cert + key, 'key-first.pem': key + cert })) {
    writeFileSync(at(name), text, { mode: 0o600 })
    const tls = { certificateFile: at(name), privateKeyFile: at(name) }
    checkCertificateFiles({ listener: { tls } } as unknown as Pick<Config, 'listener'>, (path, message) =>
      assert.fail(`${path}: ${message}`),
    )
  }
})
