import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../../devkit/clients/browser-client.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../../devkit/op/openid-provider.ts'
import { totp } from '../../../devkit/op/totp.ts'
import type { UserAgent } from '../../../devkit/op/user-agent.ts'

const ada = { name: 'ada', password: 'engine', totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }
const redirectUri = 'http://127.0.0.1:1/callback'
/** The OP's clock, so that no code changes between making and entering it. */
const nowMs = 1_800_000_000_000
let op: OpenIdProvider

before(async () => {
  const clients = [{ clientId: 'public', redirectUris: [redirectUri] }]
  op = await startOpenIdProvider({ users: [ada], clients, audience: 'devops', now: () => nowMs })
})
after(() => op.close())

async function openSignIn(agent: UserAgent) {
  const url = new URL('/auth', op.issuer)
  url.search = new URLSearchParams({
    client_id: 'public',
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid',
    login_hint: '<ada>',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }).toString()
  return agent.get(url.href)
}

test('a wrong password shows the page again, with a message and the name kept', async () => {
  const agent = new BrowserClient()
  const page = await openSignIn(agent)
  const again = await agent.post(page.url, { username: '"ada"', password: 'wrong' })
  assert.equal(again.status, 422)
  assert.match(again.text, /User name or password is wrong/)
  assert.match(again.text, /value="&quot;ada&quot;"/)
})

test('a wrong code asks for the code again and the right one then signs in', async () => {
  const agent = new BrowserClient()
  const page = await openSignIn(agent)
  const codePage = await agent.post(page.url, { username: 'ada', password: 'engine' })
  const again = await agent.post(codePage.url, { code: '000000' })
  assert.equal(again.status, 422)
  assert.match(again.text, /code is wrong/)
  const end = await agent.post(codePage.url, { code: totp(ada.totpSecret, nowMs) }, url => url.startsWith(redirectUri))
  assert.ok(new URL(end.url).searchParams.has('code'))
})

test('the code alone signs nobody in', async () => {
  const agent = new BrowserClient()
  const page = await openSignIn(agent)
  const again = await agent.post(page.url, { code: totp(ada.totpSecret, nowMs) })
  assert.equal(again.status, 422)
  assert.match(again.text, /name="password"/)
})

test('another account can be chosen at the code', async () => {
  const agent = new BrowserClient()
  const page = await openSignIn(agent)
  await agent.post(page.url, { username: 'ada', password: 'engine' })
  const restarted = await agent.post(page.url, { restart: 'yes' })
  assert.equal(restarted.status, 200)
  assert.match(restarted.text, /name="password"/)
})

test('what the client suggests as a name is shown escaped', async () => {
  assert.match((await openSignIn(new BrowserClient())).text, /value="&lt;ada&gt;"/)
})

test('a sign-in opened in another browser is refused with an explanation', async () => {
  const page = await openSignIn(new BrowserClient())
  const elsewhere = await new BrowserClient().get(page.url)
  assert.equal(elsewhere.status, 400)
  assert.match(elsewhere.text, /another browser/)
})
