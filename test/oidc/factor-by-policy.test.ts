/** OPs that demand a second factor of everybody and do not say so, or do not say when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { codeOf, type SignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { lyingLab } from './lying-lab.ts'

const nowS = Math.floor(Date.now() / 1000)
const policyGuaranteesFactor = { reason: 'access control policy of AD FS' }
const authTimeFromSignIn = { reason: 'it sends no auth_time' }

const { op, start: startLab } = await lyingLab()

const start = (settings: object, secondFactor: object = {}) =>
  startLab(config => ({
    ...config,
    oidc: { ...config.oidc, ...settings },
    secondFactor: { ...config.secondFactor, ...secondFactor },
  }))

/** The OP says this of how somebody signed in, and nothing else. */
const tellHow = (how: object) =>
  op.tell(({ sign, header, claims: { acr: _, auth_time: __, ...claims } }) => sign(header, { ...claims, ...how }))

/** Of a page after a sign-in, as the log says it. */
async function admittedBy({ url, logged }: SignInLab): Promise<unknown> {
  const { status, headers } = await new BrowserClient().get(`${url}/page`)
  assert.equal(status, 200)
  const id = headers.get('x-request-id')
  const record = await logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
  return record['torhaus.admitted_by']
}

const rule = (more: object) => ({
  rules: [{ name: 'strict', when: { path: '/strict' }, require: 'second-factor', ...more }],
})

test('a sign-in that says nothing of a second factor is refused, however the OP is set up', async () => {
  tellHow({ auth_time: nowS })
  assert.equal(codeOf(await new BrowserClient().get(`${(await start({})).url}/page`)), 'second-factor-missing')
})

test('with policyGuaranteesFactor it passes, under a name of its own in log and metrics', async () => {
  tellHow({ auth_time: nowS })
  const lab = await start({ policyGuaranteesFactor })
  assert.equal(await admittedBy(lab), 'provider-policy')
  assert.equal(await metricAt(lab.adminUrl, 'torhaus_admissions_total{policy="provider-policy"}'), 1)
})

test('a sign-in whose claims do prove it is what it is, also with the policy', async () => {
  assert.equal(await admittedBy(await start({ policyGuaranteesFactor })), 'second-factor')
})

for (const more of [{ maxAgeSeconds: 600 }, { acceptAcr: ['urn:torhaus:acr:mfa'] }]) {
  test(`a rule that sets ${Object.keys(more)[0]} is satisfied by claims alone`, async () => {
    tellHow({ auth_time: nowS })
    const { url } = await start({ policyGuaranteesFactor }, rule(more))
    assert.equal(codeOf(await new BrowserClient().get(`${url}/strict`)), 'second-factor-missing')
    op.tell()
    assert.equal((await new BrowserClient().get(`${url}/strict`)).status, 200)
  })
}

test('an access token proves nothing by the policy', async () => {
  const { url } = await start({ policyGuaranteesFactor })
  const claims = { iss: op.issuer, aud: 'devops', sub: 's', preferred_username: 'ada', auth_time: nowS }
  const token = await op.sign({ ...op.header, typ: 'at+jwt' }, { ...claims, iat: nowS, exp: nowS + 60 })
  const answer = await fetch(`${url}/`, { headers: { Authorization: `Bearer ${token}` } })
  assert.equal(codeOf(answer), 'second-factor-missing')
})

for (const how of [{}, { auth_time: 0 }]) {
  test(`a sign-in with ${JSON.stringify(how)} is too old for ever, and the log says what is missing`, async () => {
    tellHow({ ...how, acr: 'urn:torhaus:acr:mfa' })
    const { url } = await start({})
    assert.equal(codeOf(await new BrowserClient().get(`${url}/page`)), 'second-factor-stale')
  })

  test(`with authTimeFromSignIn it counts from its beginning, for the OP was asked to authenticate anew: ${JSON.stringify(how)}`, async () => {
    tellHow({ ...how, acr: 'urn:torhaus:acr:mfa' })
    const { url } = await start({ authTimeFromSignIn })
    assert.equal((await new BrowserClient().get(`${url}/page`)).status, 200)
    assert.equal(op.asked.get('prompt'), 'login')
  })
}

test('a time that the OP does say counts, also with authTimeFromSignIn', async () => {
  tellHow({ auth_time: nowS - 100_000, acr: 'urn:torhaus:acr:mfa' })
  const { url } = await start({ authTimeFromSignIn })
  assert.equal(codeOf(await new BrowserClient().get(`${url}/page`)), 'second-factor-stale')
})

test('a sign-in that was begun before the option was there does not count from its beginning', async () => {
  tellHow({ acr: 'urn:torhaus:acr:mfa' })
  const lab = await start({})
  const browser = new BrowserClient()
  const callback = await browser.get(`${lab.url}/page`, url => url.includes('/callback'))
  await lab.restart(config => ({ ...config, oidc: { ...Object(config).oidc, authTimeFromSignIn } }))
  assert.equal(codeOf(await browser.get(callback.url)), 'second-factor-stale')
})

test('a session by policy is the same one after a restart', async () => {
  tellHow({ auth_time: nowS })
  const lab = await start({ policyGuaranteesFactor })
  const browser = new BrowserClient()
  assert.equal((await browser.get(`${lab.url}/page`)).status, 200)
  await lab.restart()
  assert.equal((await browser.send(`${lab.url}/page`)).status, 200)
})
