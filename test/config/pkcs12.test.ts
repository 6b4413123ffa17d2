/** PKCS#12 archives: read in every form that OpenSSL writes and takes, and served as two files would be. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect, type DetailedPeerCertificate } from 'node:tls'
import { openPkcs12 } from '../../config/pkcs12.ts'
import { closeServer } from '../../devkit/op/close-server.ts'
import { listen } from '../../devkit/op/listen.ts'
import { configured, servingTls, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const PASSWORD = 'correct horse: ünïcode'
const directory = mkdtempSync(join(tmpdir(), 'torhaus-pkcs12-'))
const at = (name: string) => join(directory, name)
const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Signed by who comes before it in the chain; the first one by itself. */
function sign(name: string, issuer: string | undefined, extension: string): void {
  writeFileSync(at(`${name}.ext`), extension)
  openssl('req', '-new', ...CURVE, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
  const signer = issuer === undefined ? ['-key', `${name}.key`] : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`]
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    ...signer,
    '-days',
    '30',
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.pem`,
  )
}

/** Certificates of the archive in an order that no chain has. */
const INSIDE = ['issuing', 'root', 'own', 'policy']

before(() => {
  sign('root', undefined, 'basicConstraints=critical,CA:TRUE')
  sign('policy', 'root', 'basicConstraints=critical,CA:TRUE')
  sign('issuing', 'policy', 'basicConstraints=critical,CA:TRUE')
  sign('own', 'issuing', 'subjectAltName=IP:127.0.0.1')
  writeFileSync(at('all.pem'), INSIDE.map(name => readFileSync(at(`${name}.pem`), 'utf8')).join(''))
  writeFileSync(at('password'), `${PASSWORD}\n`, { mode: 0o600 })
})
after(() => rmSync(directory, { recursive: true, force: true }))

function archive(...options: readonly string[]): Buffer {
  openssl(
    ...['pkcs12', '-export', '-in', 'all.pem', '-inkey', 'own.key', '-passout', 'file:password', ...options],
    ...['-out', 'own.pfx'],
  )
  return readFileSync(at('own.pfx'))
}

const FORMS: Readonly<Record<string, readonly string[]>> = {
  'as OpenSSL writes it by default': [],
  'as Windows writes it by default': ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
  'with AES of 128 bits': ['-keypbe', 'aes-128-cbc', '-certpbe', 'aes-128-cbc'],
  'with AES of 192 bits': ['-keypbe', 'aes-192-cbc', '-certpbe', 'aes-192-cbc', '-iter', '3'],
  'with triple DES by PBES2': ['-keypbe', 'des-ede3-cbc', '-certpbe', 'des-ede3-cbc'],
  'with certificates in the open': ['-certpbe', 'NONE'],
  'with the key in the open': ['-keypbe', 'NONE'],
  'without a checksum': ['-nomac'],
}

for (const [form, options] of Object.entries(FORMS)) {
  test(`an archive ${form} gives the key, and the chain in the order of TLS without its root`, () => {
    const opened = openPkcs12(archive(...options), PASSWORD)
    assert.ok(typeof opened === 'object', String(opened))
    assert.ok(opened.key.equals(createPrivateKey(readFileSync(at('own.key')))))
    const names = opened.certificates.map(({ subject }) => subject)
    assert.deepEqual(names, ['CN=own', 'CN=issuing', 'CN=policy'])
    assert.equal(
      opened.certificates[0]?.fingerprint256,
      new X509Certificate(readFileSync(at('own.pem'))).fingerprint256,
    )
  })
}

test('what does not open, or lacks something, has its name', () => {
  const whole = archive()
  assert.equal(openPkcs12(whole, 'battery staple'), 'locked')
  for (const length of [1, 40, 200, whole.length - 1])
    assert.equal(openPkcs12(whole.subarray(0, length), PASSWORD), 'locked')
  const flipped = Buffer.from(whole)
  flipped[120] = (flipped[120] ?? 0) ^ 1
  assert.equal(openPkcs12(flipped, PASSWORD), 'locked')
  assert.equal(openPkcs12(archive('-legacy'), PASSWORD), 'outdated')
  assert.equal(openPkcs12(archive('-nokeys'), PASSWORD), 'incomplete')
  // Nobody is above a root: it is all there is to show.
  openssl('pkcs12', '-export', '-in', 'root.pem', '-inkey', 'root.key', '-passout', 'file:password', '-out', 'root.pfx')
  const root = openPkcs12(readFileSync(at('root.pfx')), PASSWORD)
  assert.ok(typeof root === 'object')
  assert.deepEqual(
    root.certificates.map(({ subject }) => subject),
    ['CN=root'],
  )
})

/** Subjects of the certificates that a server shows, own first. */
const shown = (port: number) =>
  new Promise<string[]>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(at('root.pem')) }, () => {
      const found: string[] = []
      for (let one: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true); one !== undefined; ) {
        found.push(String(one.subject.CN))
        one = one.issuerCertificate === one ? undefined : one.issuerCertificate
      }
      resolve(found)
      socket.destroy()
    })
    socket.once('error', reject)
  })

test('a listener with an archive serves certificate and chain', async () => {
  archive()
  const tls = { pkcs12File: at('own.pfx'), pkcs12PasswordFile: at('password') }
  const proxy = await startProxy({ configure: servingTls(tls) })
  try {
    assert.deepEqual(await shown(proxy.fixture.port), ['own', 'issuing', 'policy', 'root'])
  } finally {
    await proxy.close()
  }
})

test('an archive is shown to an origin server, and the authorities in it are not trusted', async () => {
  archive()
  let seen: unknown
  const options = {
    cert: readFileSync(at('own.pem')),
    key: readFileSync(at('own.key')),
    ca: readFileSync(at('root.pem')),
  }
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    seen = (request.socket as import('node:tls').TLSSocket).getPeerCertificate().subject.CN
    response.end('over TLS')
  })
  const upstreamUrl = `https://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`
  const statusWith = async (tls: object) => {
    const proxy = await startProxy({ upstreamUrl, configure: configured({}, { tls }) })
    try {
      return (await proxy.pass('GET /')).status
    } finally {
      await proxy.close()
    }
  }
  // The server shows no chain: those who trust the root alone cannot believe it, those who trust the issuer can.
  const tls = { pkcs12File: at('own.pfx'), pkcs12PasswordFile: at('password') }
  writeFileSync(
    at('cas.pem'),
    ['root', 'policy', 'issuing'].map(name => readFileSync(at(`${name}.pem`), 'utf8')).join(''),
  )
  try {
    assert.equal(await statusWith({ ...tls, caFile: at('cas.pem') }), 200)
    assert.equal(seen, 'own')
    assert.equal(await statusWith({ ...tls, caFile: at('root.pem') }), 502)
    assert.equal(await statusWith(tls), 502)
  } finally {
    await closeServer(server)
  }
})
