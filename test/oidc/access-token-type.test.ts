/** Everything that the OP signs is a JWT with the same keys: only access tokens pass as access tokens. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { OP_TOKEN_ATTACKS, personClaims } from '../../devkit/attack/op-token-attacks.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'

let op: LyingOp
let tolerant: SignInLab
let strict: SignInLab

/** With the client id among the audiences, as it is with Entra ID. */
const startWith = (settings: object) =>
  startSignInLab({
    issuer: op.issuer,
    configure: config => ({
      ...config,
      oidc: { ...config.oidc, bearer: { audiences: [agreed.audience, agreed.clientId], ...settings } },
    }),
  })

before(async () => {
  op = await startLyingOp()
  tolerant = await startWith({})
  strict = await startWith({ tokenTypes: 'strict' })
})
after(async () => {
  await strict?.close()
  await tolerant?.close()
  await op?.close()
})

const send = ({ url }: SignInLab, authorization: string) => fetch(`${url}/`, { headers: { authorization } })

for (const { name, code, authorization } of OP_TOKEN_ATTACKS) {
  test(`${name} is refused as ${code}, in both modes, as Bearer and as the password of Basic`, async () => {
    const field = await authorization(op)
    const asBasic = `Basic ${Buffer.from(`git:${field.slice(7)}`).toString('base64')}`
    for (const lab of [tolerant, strict])
      for (const credentials of [field, asBasic, field]) {
        const answer = await send(lab, credentials)
        assert.equal(answer.status, 401)
        const isTypedFirst = lab === strict && codeOf(answer) === 'bearer-type-refused'
        assert.ok(isTypedFirst || codeOf(answer) === code, `${codeOf(answer)}`)
        assert.equal(lab.origin.requests.length, 0)
      }
  })
}

const good: Readonly<Record<string, readonly [typ: string | undefined, claims: object, passesStrict: boolean]>> = {
  'of RFC 9068': ['at+jwt', { client_id: 'git' }, true],
  'of RFC 9068, with the long type in capitals': ['application/AT+JWT', {}, true],
  'of Keycloak': ['JWT', { typ: 'Bearer', azp: 'git', sid: 's', scope: 'openid' }, false],
  'of Entra ID': ['JWT', { azp: 'git', azpacr: '0', scp: 'user_impersonation', ver: '2.0' }, false],
  'of AD FS': ['JWT', { appid: 'git', apptype: 'Public', scp: 'openid' }, false],
  'of Okta': [undefined, { cid: 'git', scp: ['openid'] }, false],
  'for an API of its own, that says no more': ['JWT', { aud: agreed.audience }, false],
  'for several audiences, with times that have a fraction': [
    'at+jwt',
    { aud: [agreed.audience, 'other'], iat: Date.now() / 1000, exp: Date.now() / 1000 + 60.5 },
    true,
  ],
  'whose auth_time has a fraction': ['at+jwt', { auth_time: Date.now() / 1000 }, true],
}

for (const [what, [typ, claims, passesStrict]] of Object.entries(good)) {
  test(`an access token ${what} passes, in strict mode ${passesStrict ? 'too' : 'not'}`, async () => {
    const header = { ...op.header, ...(typ === undefined ? {} : { typ }) }
    const field = `Bearer ${await op.sign(header, { ...personClaims(op.issuer), ...claims })}`
    const answer = await send(tolerant, field)
    assert.equal(answer.status, 200, String(codeOf(answer)))
    assert.equal(tolerant.account(), 'ada')
    const atStrict = await send(strict, field)
    assert.deepEqual([atStrict.status, codeOf(atStrict)], passesStrict ? [200, null] : [401, 'bearer-type-refused'])
  })
}
