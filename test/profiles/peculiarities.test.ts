/** What single products do their own way, each as its documentation says, told by an OP that says the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { codeOf, SESSION_COOKIE, type SignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { lyingLab } from '../oidc/lying-lab.ts'
import { optionsFound } from '../providers/wrong-values.ts'
import { saidOf, signInAt } from './profile-lab.ts'

const { op, start } = await lyingLab(op => {
  op.respond()
  op.describe()
  for (const path of ['/token', '/authorize', '/jwks']) op.answerAt(path)
})

/** Accounts by the name that the OP of the test gives. */
function startAs(profile: string, options: object = {}, rest: object = {}): Promise<SignInLab> {
  const idToken = { accountTemplate: '{preferred_username}' }
  return start(config => ({
    ...{ ...config, ...rest },
    oidc: { ...config.oidc, scopes: ['openid'], profile, acrValues: [], idToken, ...options },
  }))
}

const json = (status: number, body: object) =>
  op.answerAt('/token', (_, response) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body)),
  )

test('Entra ID: without the optional claim auth_time everybody is too late, and the log says that it is missing', async () => {
  op.tell(({ sign, header, claims: { auth_time: _, ...claims } }) => sign(header, claims))
  const lab = await startAs('entra')
  const end = await signInAt(lab)
  assert.equal(codeOf(end), 'second-factor-stale')
  assert.match(await saidOf(lab, end), /auth_time=missing/)
})

test('Entra ID: groups that are too many (_claim_names) are no empty list', async () => {
  const elsewhere = {
    _claim_names: { groups: 'src1' },
    _claim_sources: { src1: { endpoint: 'https://graph.example' } },
  }
  op.tell(({ sign, header, claims }) => sign(header, { ...claims, ...elsewhere }))
  const groups = { idToken: { groups: ['groups'], accountTemplate: '{preferred_username}' } }
  const end = await signInAt(await startAs('entra', groups, { groups: { require: ['staff'] } }))
  assert.equal(codeOf(end), 'groups-unknown')
})

test('Entra ID: front-channel logout with sid alone ends that session', async () => {
  op.tell(({ sign, header, claims }) => sign(header, { ...claims, sid: 'session-1' }))
  const { url } = await startAs('entra', { frontChannelLogout: true })
  const browser = new BrowserClient()
  assert.equal((await browser.get(`${url}/page`)).status, 200)
  assert.ok(browser.cookies.has(SESSION_COOKIE))
  await new BrowserClient().send(`${url}/.torhaus/frontchannel-logout?sid=session-1`)
  const fields = { 'Sec-Fetch-Mode': 'cors', Accept: '*/*' }
  assert.equal(codeOf(await browser.send(`${url}/page`, { fields })), 'session-ended')
})

for (const [code, option] of [
  ['AADSTS50011', 'publicUrl'],
  ['AADSTS700016', 'oidc.clientId'],
] as const)
  test(`Entra ID: ${code} on its page is ${option} for op-check`, async () => {
    op.answerAt('/authorize', (_, response) => response.writeHead(200).end(`<p>${code}: sorry, but</p>`))
    const { configFile } = await startAs('entra')
    const { options, messages } = await optionsFound(configFile, { name: code, change: right => right, options: [] })
    assert.deepEqual(options, [option], messages.join())
    assert.ok(messages[0]?.includes(code))
  })

test('AD FS: a key is named by its certificate (x5t) alone, and found among several', async () => {
  const earlier = { ...op.publicKey, x5t: 'first' }
  await op.exchangeKeys()
  const later = { ...op.publicKey, x5t: 'second' }
  op.answerAt('/jwks', (_, response) => response.end(JSON.stringify({ keys: [earlier, later] })))
  const signedBy = (x5t: string) => {
    const header = { alg: 'RS256', x5t }
    op.tell(({ sign, claims }) => sign(header, claims))
  }
  signedBy('second')
  const running = await startAs('adfs', { responseMode: 'query' })
  assert.equal((await signInAt(running)).status, 200)
  for (const wrong of ['first', 'third']) {
    signedBy(wrong)
    assert.equal(codeOf(await signInAt(running)), 'op-response-invalid', wrong)
  }
})

test('AD FS: it is asked for the resource that is configured', async () => {
  const authorizationParameters = { resource: 'urn:devops' }
  assert.equal((await signInAt(await startAs('adfs', { authorizationParameters }))).status, 200)
  assert.equal(op.asked.get('resource'), 'urn:devops')
})

test('Okta: where DPoP is required the log says so, and a token that is bound to a key opens nothing', async () => {
  json(400, { error: 'invalid_dpop_proof', error_description: 'The DPoP proof JWT header is missing.' })
  const running = await startAs('okta')
  const end = await signInAt(running)
  assert.equal(codeOf(end), 'op-response-invalid')
  assert.match(await saidOf(running, end), /^token endpoint: 400 invalid_dpop_proof: The DPoP proof/)
  const nowS = Math.floor(Date.now() / 1000)
  const claims = { iss: op.issuer, aud: 'devops', sub: 'ada', iat: nowS, exp: nowS + 60, cnf: { jkt: 'thumbprint' } }
  const token = await op.sign({ ...op.header, typ: 'JWT' }, claims)
  const answer = await fetch(`${running.url}/page`, { headers: { Authorization: `Bearer ${token}` } })
  assert.equal(codeOf(answer), 'bearer-sender-constrained')
})

test('Authentik: an issuer with a path and a slash at its end', async () => {
  const issuer = `${op.issuer}/application/o/torhaus/`
  op.answerAt('/application/o/torhaus/.well-known/openid-configuration', async (_, response) => {
    const metadata = await fetch(`${op.issuer}/.well-known/openid-configuration`)
    response.setHeader('Content-Type', 'application/json').end(await metadata.text())
  })
  op.describe(right => ({ ...right, issuer }))
  op.tell(({ sign, header, claims }) => sign(header, { ...claims, iss: issuer }))
  const running = await startAs('authentik', { issuer })
  assert.equal((await signInAt(running)).status, 200)
  await running.restart(config => ({ ...config, oidc: { ...Object(config).oidc, issuer: issuer.slice(0, -1) } }))
  assert.equal(codeOf(await signInAt(running)), 'op-response-invalid')
})

test('Google: it wants access_type=offline in place of the scope, and says nothing of how somebody signed in', async () => {
  op.tell(({ sign, header, claims: { acr: _, auth_time: __, ...claims } }) => sign(header, claims))
  const running = await startAs('generic', { authorizationParameters: { access_type: 'offline' } })
  assert.equal(codeOf(await signInAt(running)), 'second-factor-missing')
  assert.deepEqual([op.asked.get('access_type'), op.asked.get('scope')], ['offline', 'openid'])
})
