import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { type OpenIdProvider, startOpenIdProvider } from '../../../devkit/op/openid-provider.ts'
import { newSigningKey } from '../../../devkit/op/signing.ts'

let op: OpenIdProvider

before(async () => {
  const users = [{ name: 'ada', password: 'engine', claims: { groups: ['devs'] } }]
  op = await startOpenIdProvider({ users, clients: [], audience: 'devops' })
})
after(() => op.close())

const verify = (token: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${op.issuer}/jwks`)), { issuer: op.issuer, audience: 'devops' })

test('an issued access token verifies with the published keys and says who and how', async () => {
  const { payload, protectedHeader } = await verify(await op.issueAccessToken('ada'))
  assert.equal(protectedHeader.typ, 'at+jwt')
  assert.equal(payload.sub, op.subjectOf('ada'))
  assert.equal(payload.preferred_username, 'ada')
  assert.deepEqual([payload.acr, payload.amr], ['urn:torhaus:acr:mfa', ['pwd', 'otp', 'mfa']])
  assert.deepEqual(payload.groups, ['devs'])
})

test('overrides replace claims, and undefined leaves a claim out', async () => {
  const token = await op.issueAccessToken('ada', { aud: 'other', exp: 1, amr: undefined })
  const claims = decodeJwt(token)
  assert.deepEqual([claims.aud, claims.exp, 'amr' in claims], ['other', 1, false])
  await assert.rejects(verify(token), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' })
})

test('a token can be signed by a key the OP does not publish, or by none', async () => {
  const stranger = await newSigningKey()
  const claims = { iss: op.issuer, aud: 'devops' }
  await assert.rejects(verify(await op.signJwt({}, claims, stranger)), {
    code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  })
  const unsigned = await op.signJwt({ alg: 'none' }, claims)
  assert.equal(decodeProtectedHeader(unsigned).alg, 'none')
  assert.ok(unsigned.endsWith('.'))
})

test('a user the OP does not know gets no token', async () => {
  await assert.rejects(op.issueAccessToken('mallory'), /no user mallory/)
})
