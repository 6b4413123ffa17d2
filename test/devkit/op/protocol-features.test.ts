import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { BrowserClient } from '../../../devkit/clients/browser-client.ts'
import { listen } from '../../../devkit/op/listen.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../../devkit/op/openid-provider.ts'
import { type Page, signIn, type UserAgent } from '../../../devkit/op/user-agent.ts'

const redirectUri = 'http://127.0.0.1:1/callback'
const ada = { name: 'ada', password: 'engine', totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }
/** The client's back-channel logout endpoint: keeps what it is told. */
const logoutTokens: string[] = []
const backChannel = createServer(async (request, response) => {
  logoutTokens.push(new URLSearchParams(await text(request)).get('logout_token') ?? '')
  response.end()
})
let op: OpenIdProvider
let relyingParty: client.Configuration

before(async () => {
  const port = await listen(backChannel, '127.0.0.1', 0)
  const torhaus = {
    clientId: 'torhaus',
    clientSecret: 'client secret',
    redirectUris: [redirectUri],
    metadata: {
      backchannel_logout_uri: `http://127.0.0.1:${port}/`,
      backchannel_logout_session_required: true,
    },
  }
  op = await startOpenIdProvider({ users: [ada], clients: [torhaus], audience: 'devops' })
  relyingParty = await client.discovery(new URL(op.issuer), torhaus.clientId, torhaus.clientSecret, undefined, {
    execute: [client.allowInsecureRequests],
  })
})
after(async () => {
  await op.close()
  backChannel.closeAllConnections()
  await new Promise(resolve => backChannel.close(resolve))
})

const hidden = (page: Page, name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page.text)?.[1] ?? ''

async function authorize(agent: UserAgent) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const url = client.buildAuthorizationUrl(relyingParty, {
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const end = await signIn(agent, url.href, ada, address => address.startsWith(redirectUri))
  return client.authorizationCodeGrant(relyingParty, new URL(end.url), { pkceCodeVerifier })
}

test('sign-out at the OP tells the client over the back channel, by session', async () => {
  const agent = new BrowserClient()
  const tokens = await authorize(agent)
  const question = await agent.get(`${op.issuer}/session/end`)
  await agent.post(`${op.issuer}/session/end/confirm`, { xsrf: hidden(question, 'xsrf'), logout: 'yes' })
  const keys = createRemoteJWKSet(new URL(`${op.issuer}/jwks`))
  const { payload } = await jwtVerify(logoutTokens.at(-1) ?? '', keys, { issuer: op.issuer, audience: 'torhaus' })
  assert.equal(payload.sub, op.subjectOf('ada'))
  assert.equal(payload.sid, tokens.claims()?.sid)
})

test('an access token of a sign-in is a JWT for the audience, with how the user signed in', async () => {
  const tokens = await authorize(new BrowserClient())
  const keys = createRemoteJWKSet(new URL(`${op.issuer}/jwks`))
  const { payload } = await jwtVerify(tokens.access_token, keys, {
    issuer: op.issuer,
    audience: 'devops',
    typ: 'at+jwt',
  })
  assert.equal(payload.preferred_username, 'ada')
  assert.deepEqual([payload.acr, payload.amr], ['urn:torhaus:acr:mfa', ['pwd', 'otp', 'mfa']])
  assert.equal(payload.auth_time, tokens.claims()?.auth_time)
})

test('a device is connected by its code and gets tokens with both factors', async () => {
  const device = await client.initiateDeviceAuthorization(relyingParty, { scope: 'openid' })
  const agent = new BrowserClient()
  const form = await agent.get(device.verification_uri)
  const confirm = await agent.post(device.verification_uri, { xsrf: hidden(form, 'xsrf'), user_code: device.user_code })
  const confirmed = { xsrf: hidden(confirm, 'xsrf'), user_code: device.user_code, confirm: 'yes' }
  const signInPage = await agent.post(device.verification_uri, confirmed)
  const done = await signIn(agent, signInPage.url, ada)
  assert.match(done.text, /Device connected/)
  const tokens = await client.pollDeviceAuthorizationGrant(relyingParty, { ...device, interval: 0.01 })
  assert.deepEqual(tokens.claims()?.amr, ['pwd', 'otp', 'mfa'])
})

test('a revoked refresh token brings nothing more, and introspection says it is not active', async () => {
  const { refresh_token: refreshToken = '' } = await authorize(new BrowserClient())
  assert.equal((await client.tokenIntrospection(relyingParty, refreshToken)).active, true)
  await client.tokenRevocation(relyingParty, refreshToken)
  assert.equal((await client.tokenIntrospection(relyingParty, refreshToken)).active, false)
  await assert.rejects(client.refreshTokenGrant(relyingParty, refreshToken), { error: 'invalid_grant' })
})
