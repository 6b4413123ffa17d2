/**
 * Each way an access token can be wrong, as Bearer and as the password of Basic, has its own code; none reaches the
 * origin.
 */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { newSigningKey } from '../../devkit/op/signing.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'

let lab: SignInLab

before(async () => {
  lab = await startSignInLab()
})
after(() => lab.close())

const nowS = () => Math.floor(Date.now() / 1000)
const whoami = (authorization: string) =>
  fetch(`${lab.url}/_apis/whoami`, { headers: { authorization }, redirect: 'manual' })
const asBasic = (user: string, token: string) => `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`

type Making = () => Promise<string>
const claiming =
  (overrides: Readonly<Record<string, unknown>>): Making =>
  () =>
    lab.op.issueAccessToken('ada', overrides)
const claims = () => ({
  ...{ iss: lab.op.issuer, aud: agreed.audience, sub: 'ada', preferred_username: 'ada' },
  ...{ iat: nowS(), exp: nowS() + 600, auth_time: nowS(), acr: 'urn:torhaus:acr:mfa' },
})

/** The public key as an attacker sees it, in the forms in which it has been taken for a secret. */
function publicKeyAsSecret(form: 'pem' | 'jwk'): Uint8Array {
  const [key] = lab.op.jwks.keys
  assert.ok(key)
  const publicKey = createPublicKey({ key, format: 'jwk' })
  const exported =
    form === 'pem' ? publicKey.export({ type: 'spki', format: 'pem' }) : publicKey.export({ format: 'jwk' })
  return new TextEncoder().encode(typeof exported === 'string' ? exported : JSON.stringify(exported))
}

const wrong: Readonly<Record<string, readonly [make: Making, status: number, code: string]>> = {
  'signed by another key of the same name': [
    async () => lab.op.signJwt({}, claims(), await newSigningKey()),
    401,
    'bearer-signature-invalid',
  ],
  'with one claim changed after signing': [
    async () => {
      const [header, payload = '', signature] = (await lab.op.issueAccessToken('carol')).split('.')
      const changed = Buffer.from(payload, 'base64url').toString().replace('carol', 'admin')
      return [header, Buffer.from(changed).toString('base64url'), signature].join('.')
    },
    401,
    'bearer-signature-invalid',
  ],
  'without its signature': [
    async () => (await lab.op.issueAccessToken('ada')).replace(/[^.]+$/, ''),
    401,
    'bearer-signature-invalid',
  ],
  expired: [claiming({ exp: -1 + Math.floor(Date.now() / 1000) - 3600 }), 401, 'bearer-expired'],
  'not yet valid': [claiming({ nbf: Math.floor(Date.now() / 1000) + 600 }), 401, 'bearer-not-yet-valid'],
  'issued in the future': [claiming({ iat: Math.floor(Date.now() / 1000) + 600 }), 401, 'bearer-not-yet-valid'],
  'for another audience': [claiming({ aud: 'graph' }), 401, 'bearer-audience-mismatch'],
  'for no audience': [claiming({ aud: undefined }), 401, 'bearer-audience-mismatch'],
  'without exp': [claiming({ exp: undefined }), 401, 'bearer-claim-invalid'],
  'without iat': [claiming({ iat: undefined }), 401, 'bearer-claim-invalid'],
  'without sub': [claiming({ sub: undefined }), 401, 'bearer-claim-invalid'],
  'with an exp that is no time': [claiming({ exp: 1e300 }), 401, 'bearer-claim-invalid'],
  'with an exp that is text': [claiming({ exp: '4102444800' }), 401, 'bearer-claim-invalid'],
  'of another issuer': [claiming({ iss: 'https://other.example' }), 401, 'token-unknown'],
  'of an issuer that only looks like ours': [async () => claimingIssuer(`${lab.op.issuer}/`), 401, 'token-unknown'],
  'without issuer': [claiming({ iss: undefined }), 401, 'token-unknown'],
  'unsigned (alg none)': [() => lab.op.signJwt({ alg: 'none' }, claims()), 401, 'bearer-algorithm-refused'],
  'HS256 with the public key (PEM) as secret': [
    () => lab.op.signJwt({ alg: 'HS256' }, claims(), publicKeyAsSecret('pem')),
    401,
    'bearer-algorithm-refused',
  ],
  'HS256 with the public key (JWK) as secret': [
    () => lab.op.signJwt({ alg: 'HS256' }, claims(), publicKeyAsSecret('jwk')),
    401,
    'bearer-algorithm-refused',
  ],
  'signed by a key that is not published': [
    async () => {
      const stranger = await newSigningKey()
      return lab.op.signJwt({ kid: stranger.kid }, claims(), stranger)
    },
    401,
    'bearer-key-unknown',
  ],
  'with one factor': [claiming({ acr: 'urn:torhaus:acr:pwd', amr: ['pwd'] }), 403, 'second-factor-missing'],
  'without acr': [claiming({ acr: undefined }), 403, 'second-factor-missing'],
  'with an old authentication': [
    claiming({ auth_time: Math.floor(Date.now() / 1000) - 43_300 }),
    403,
    'second-factor-stale',
  ],
  'without auth_time': [claiming({ auth_time: undefined }), 403, 'second-factor-stale'],
  'of a person without account': [claiming({ preferred_username: undefined }), 403, 'account-unmapped'],
}

const claimingIssuer = (iss: string) => lab.op.issueAccessToken('ada', { iss })

for (const [what, [make, status, code]] of Object.entries(wrong)) {
  test(`a token ${what} is refused as ${code}, as Bearer and as the password of Basic`, async () => {
    const seen = lab.origin.requests.length
    const token = await make()
    const bearer = await whoami(`Bearer ${token}`)
    assert.deepEqual([bearer.status, codeOf(bearer)], [status, code])
    assert.equal(bearer.headers.has('www-authenticate'), status === 401)
    assert.doesNotMatch(await bearer.text(), new RegExp(token.slice(0, 20)))
    const basic = await whoami(asBasic('OAUTH_USER', token))
    assert.deepEqual([basic.status, codeOf(basic)], [status, code])
    assert.equal(lab.origin.requests.length, seen)
  })
}

test('a good token arrives as its account, under any spelling of the scheme and any user name', async () => {
  const token = await lab.op.issueAccessToken('ada')
  const forms = [`Bearer ${token}`, `bearer ${token}`, `BEARER   ${token}`, `basic ${asBasic('', token).slice(6)}`]
  for (const form of [...forms, asBasic('OAUTH_USER', token), asBasic('OAuth', token), asBasic('ünï', token)]) {
    assert.equal((await whoami(form)).status, 200)
    assert.equal(lab.account(), 'ada')
    assert.deepEqual(lab.origin.requests.at(-1)?.all('authorization'), [])
  }
})

test('no token is in the log, whole or in part', () => {
  assert.doesNotMatch(JSON.stringify(lab.log), /eyJ|correct horse/)
})
