import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as client from 'openid-client'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { signIn, type UserAgent } from '../../devkit/op/user-agent.ts'

const redirectUri = 'http://127.0.0.1:1/callback'
const ada = { name: 'ada', password: 'engine', totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }
const bob = { name: 'bob', password: 'one factor', claims: { onprem_sid: 'S-1-5-21-7' } }
const atCallback = (url: string) => url.startsWith(redirectUri)

let op: OpenIdProvider
let relyingParty: client.Configuration

before(async () => {
  const torhaus = {
    clientId: 'torhaus',
    clientSecret: 'client secret',
    redirectUris: [redirectUri],
    postLogoutRedirectUris: ['http://127.0.0.1:1/signed-out'],
  }
  op = await startOpenIdProvider({ users: [ada, bob], clients: [torhaus], audience: 'devops' })
  relyingParty = await client.discovery(new URL(op.issuer), torhaus.clientId, torhaus.clientSecret, undefined, {
    execute: [client.allowInsecureRequests],
  })
})
after(() => op.close())

async function authorize(agent: UserAgent, user: typeof ada | typeof bob, parameters: Record<string, string> = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const url = client.buildAuthorizationUrl(relyingParty, {
    redirect_uri: redirectUri,
    scope: 'openid profile email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...parameters,
  })
  const end = await signIn(agent, url.href, user, atCallback)
  return client.authorizationCodeGrant(relyingParty, new URL(end.url), { pkceCodeVerifier, idTokenExpected: true })
}

test('password and TOTP sign in with both factors in the ID token', async () => {
  const tokens = await authorize(new BrowserClient(), ada, { acr_values: 'urn:torhaus:acr:mfa' })
  const claims = tokens.claims()
  assert.deepEqual(claims?.amr, ['pwd', 'otp', 'mfa'])
  assert.equal(claims?.acr, 'urn:torhaus:acr:mfa')
  assert.equal(claims?.preferred_username, 'ada')
  assert.equal(claims?.email, 'ada@example.test')
  assert.equal(claims?.sub, op.subjectOf('ada'))
  assert.equal(typeof claims?.auth_time, 'number')
  assert.equal(op.lastAuthorizationRequest?.get('acr_values'), 'urn:torhaus:acr:mfa')
})

test('a user without TOTP signs in with one factor, even if two are asked for', async () => {
  const claims = (await authorize(new BrowserClient(), bob, { acr_values: 'urn:torhaus:acr:mfa' })).claims()
  assert.deepEqual([claims?.amr, claims?.acr], [['pwd'], 'urn:torhaus:acr:pwd'])
  assert.equal(claims?.onprem_sid, 'S-1-5-21-7')
})

test('a session at the OP needs no second sign-in, unless prompt=login asks for one', async () => {
  const agent = new BrowserClient()
  await authorize(agent, ada)
  const afterFirst = op.signIns
  await authorize(agent, ada)
  assert.equal(op.signIns, afterFirst)
  await authorize(agent, ada, { prompt: 'login' })
  assert.equal(op.signIns, afterFirst + 1)
})

test('a refresh token brings new tokens that keep the authentication', async () => {
  const tokens = await authorize(new BrowserClient(), ada)
  const refreshed = await client.refreshTokenGrant(relyingParty, tokens.refresh_token ?? '')
  assert.deepEqual(refreshed.claims()?.amr, ['pwd', 'otp', 'mfa'])
  assert.equal(refreshed.claims()?.auth_time, tokens.claims()?.auth_time)
})

test('no refresh token is issued to a client that did not ask for offline access', async () => {
  const tokens = await authorize(new BrowserClient(), ada, { scope: 'openid' })
  assert.equal(tokens.refresh_token, undefined)
  assert.equal(tokens.claims()?.email, undefined)
})

test('sign-out asks once, then returns to the application and ends the session', async () => {
  const agent = new BrowserClient()
  const tokens = await authorize(agent, ada)
  const question = await agent.get(
    client.buildEndSessionUrl(relyingParty, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'http://127.0.0.1:1/signed-out',
      state: 'there',
    }).href,
  )
  const action = /action="([^"]+)"/.exec(question.text)?.[1] ?? ''
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(question.text)?.[1] ?? ''
  const [, name = '', value = ''] = /<button [^>]*name="(\w+)" value="(\w+)"/.exec(question.text) ?? []
  const end = await agent.post(action, { xsrf, [name]: value }, url => url.startsWith('http://127.0.0.1:1/'))
  assert.equal(end.url, 'http://127.0.0.1:1/signed-out?state=there')
  const before = op.signIns
  await authorize(agent, ada)
  assert.equal(op.signIns, before + 1)
})

test('an OP restarted with the same keys publishes the same keys', async () => {
  const again = await startOpenIdProvider({ users: [ada], clients: [], audience: 'devops', jwks: op.jwks })
  try {
    const publishedKeys = async (issuer: string) => (await fetch(`${issuer}/jwks`)).json()
    assert.deepEqual(await publishedKeys(again.issuer), await publishedKeys(op.issuer))
  } finally {
    await again.close()
  }
})
