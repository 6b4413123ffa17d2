import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { exportSPKI, importSPKI, jwtVerify } from 'jose'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

/** Every character of it means something in a form, or in Basic. */
const SECRET = 'p%41ss+w:rd~& =ä'

let op: LyingOp
let directory: string
let lab: SignInLab | undefined
before(async () => {
  op = await startLyingOp()
  directory = await mkdtemp(join(tmpdir(), 'torhaus-client-'))
  await writeFile(join(directory, 'secret'), `${SECRET}\n`, { mode: 0o600 })
})
afterEach(async () => {
  await lab?.close()
  lab = undefined
})
after(async () => {
  await op?.close()
  await rm(directory, { recursive: true, force: true })
})

/** Signs in, and returns what the token endpoint was sent. */
async function tokenRequestWith(settings: object): Promise<LyingOp['tokenRequest']> {
  lab = await startSignInLab({
    issuer: op.issuer,
    configure: config => {
      const { clientSecretFile: _, ...oidc } = config.oidc
      return { ...config, oidc: { ...oidc, ...settings } as unknown as typeof config.oidc }
    },
  })
  assert.equal((await new BrowserClient().get(`${lab.url}/page`)).status, 200)
  return op.tokenRequest
}

const secretFile = () => ({ clientSecretFile: join(directory, 'secret') })
const decoded = (authorization = '') => Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()
/** RFC 6749 2.3.1, appendix B. */
const formEncoded = (text: string) => new URLSearchParams([['', text]]).toString().slice(1)

test('a client secret goes into Basic in the encoding of forms, unless told otherwise', async () => {
  const { authorization, form } = await tokenRequestWith(secretFile())
  assert.equal(decoded(authorization), `torhaus:${formEncoded(SECRET)}`)
  assert.equal(form.has('client_secret'), false)
})

test('client_secret_basic_unencoded sends it as it is, for OPs that decode nothing', async () => {
  const method = { clientAuthentication: 'client_secret_basic_unencoded' }
  const { authorization } = await tokenRequestWith({ ...secretFile(), ...method })
  assert.equal(decoded(authorization), `torhaus:${SECRET}`)
})

test('client_secret_post sends it in the form, and nowhere else', async () => {
  const method = { clientAuthentication: 'client_secret_post' }
  const { authorization, form } = await tokenRequestWith({ ...secretFile(), ...method })
  assert.equal(authorization, undefined)
  assert.deepEqual([form.get('client_id'), form.get('client_secret')], ['torhaus', SECRET])
})

test('a public client names itself, and sends no secret', async () => {
  const { authorization, form } = await tokenRequestWith({})
  assert.equal(authorization, undefined)
  assert.deepEqual([form.get('client_id'), form.has('client_secret')], ['torhaus', false])
})

for (const [kind, alg, key] of [
  ['RSA', 'RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['P-384', 'ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['Ed25519', 'EdDSA', () => generateKeyPairSync('ed25519')],
] as const) {
  test(`private_key_jwt signs for this OP with a key of kind ${kind}`, async () => {
    const { privateKey, publicKey } = key()
    const clientKeyFile = join(directory, `${kind}.pem`)
    await writeFile(clientKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    const { authorization, form } = await tokenRequestWith({ clientKeyFile, clientKeyId: 'ours' })
    assert.equal(authorization, undefined)
    assert.equal(form.get('client_assertion_type'), 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    const verifier = await importSPKI(await exportSPKI(publicKey), alg)
    const { payload, protectedHeader } = await jwtVerify(form.get('client_assertion') ?? '', verifier, {
      ...{ issuer: 'torhaus', subject: 'torhaus', audience: op.issuer },
    })
    assert.equal(protectedHeader.kid, 'ours')
    assert.ok(payload.jti !== undefined && payload.exp !== undefined)
  })
}
