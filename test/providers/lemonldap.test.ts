/** A real OP of Debian, with its ways: nothing of a secret is decoded, and claims of the person are at userinfo alone. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type Lemonldap, startLemonldap } from '../../devkit/op/lemonldap.ts'
import { totp } from '../../devkit/op/totp.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { torhausAddresses } from '../../devkit/torhaus/torhaus-config.ts'
import { configurationOfPage } from './page-configuration.ts'
import { optionsFound, type WrongValue, wrongValues } from './wrong-values.ts'

/** What a form would encode. */
const SECRET = 'a%b+c d&e=f'
const OVERDUE_MS = 1_500_000
/** What a rule of the test wants. */
const FRESH_S = 10
let nowMs = Date.now()
let directory: string
let op: Lemonldap
let lab: SignInLab

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-lemonldap-test-'))
  const clientSecretFile = join(directory, 'secret')
  await writeFile(clientSecretFile, SECRET, { mode: 0o600 })
  const [port, opPort] = [await freePort(), await freePort()]
  const { publicUrl, redirectUri, postLogoutRedirectUri } = torhausAddresses(port)
  const frontChannelLogoutUri = `${publicUrl}/.torhaus/frontchannel-logout`
  const addresses = { redirectUri, postLogoutRedirectUri, frontChannelLogoutUri }
  op = await startLemonldap({ clientId: 'torhaus', clientSecret: SECRET, ...addresses }, opPort)
  const { issuer } = op
  const configure = configurationOfPage('lemonldap', { issuer, secretFile: clientSecretFile })
  // The page advises against it, and the test shows why.
  const withFrames = { frontChannelLogout: true }
  lab = await startSignInLab({
    ...{ issuer, port, now: () => nowMs },
    configure: config => {
      const ofPage = configure(config) as typeof config
      const rules = [{ name: 'fresh', when: { path: '/area' }, require: 'second-factor', maxAgeSeconds: FRESH_S }]
      const secondFactor = { ...ofPage.secondFactor, rules }
      return { ...ofPage, secondFactor, oidc: { ...ofPage.oidc, ...withFrames } }
    },
  })
})
after(async () => {
  await lab?.close()
  await op?.close()
  await rm(directory, { recursive: true, force: true })
})

/** Sends the first form of the page as a person would, with what they type. */
function send(browser: BrowserClient, { url, text }: Answer, typed: Readonly<Record<string, string>>): Promise<Answer> {
  const [form = ''] = /<form.*?<\/form>/s.exec(text) ?? []
  const action = /action="([^"]*)"/.exec(form)?.[1] ?? ''
  const inputs = [...form.matchAll(/<input[^>]*>/g)].map(([input]) => [
    /name="([^"]*)"/.exec(input)?.[1] ?? '',
    /value="([^"]*)"/.exec(input)?.[1] ?? '',
  ])
  const fields = Object.fromEntries(inputs.filter(([name]) => name !== ''))
  return browser.post(action === '#' ? url : new URL(action, url).href, { ...fields, ...typed })
}

const signIn = async (browser: BrowserClient, name: string): Promise<Answer> =>
  answerSignIn(browser, await browser.get(`${lab.url}/page`), name)

async function answerSignIn(browser: BrowserClient, first: Answer, name: string): Promise<Answer> {
  const second = await send(browser, first, { user: name, password: name })
  if (!second.text.includes('name="code"')) return second
  return send(browser, second, { code: totp(op.totpSecret, Date.now()) })
}

test('the password alone is refused, and the log says which acr came', async () => {
  const end = await signIn(new BrowserClient(), 'rtyler')
  assert.deepEqual([end.status, codeOf(end)], [403, 'second-factor-missing'])
  const id = end.headers.get('x-request-id')
  const record = await lab.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
  assert.match(String(record['error.message']), /acr="loa-1"/)
})

test('with TOTP it passes, under the account that userinfo names, is refreshed, and signs out at both ends', async () => {
  const browser = new BrowserClient()
  const end = await signIn(browser, 'dwho')
  assert.equal(end.status, 200, codeOf(end) ?? end.text)
  assert.equal(lab.account(), 'dwho')
  nowMs += OVERDUE_MS
  assert.equal((await browser.send(`${lab.url}/page`)).status, 200)
  assert.equal(await metricAt(lab.adminUrl, 'torhaus_session_refreshes_total{outcome="refreshed"}'), 1)
  const fields = { Origin: lab.url, 'Content-Length': '0' }
  const leaving = await browser.send(`${lab.url}/.torhaus/sign-out`, { method: 'POST', fields })
  const location = leaving.headers.get('location') ?? ''
  assert.ok(location.startsWith(`${op.issuer}/oauth2/logout?`), location)
  assert.equal((await browser.send(`${lab.url}/page`)).status, 302)
  const asked = await browser.get(location)
  if (asked.text.includes('name="confirm"')) await send(browser, asked, { confirm: '1' })
  assert.match((await browser.get(`${lab.url}/page`)).text, /name="password"/)
})

test('signing out at the portal tells Torhaus a name that is no session; the session ends with its refresh token', async () => {
  nowMs = Date.now()
  const browser = new BrowserClient()
  assert.equal((await signIn(browser, 'dwho')).status, 200)
  const left = await browser.get(`${op.issuer}/?logout=1`)
  const frame = /<iframe src="([^"]+)"/.exec(left.text)?.[1]?.replaceAll('&amp;', '&') ?? left.text
  assert.equal(new URL(frame).searchParams.get('sid'), 'dwho')
  assert.match((await browser.send(frame)).text, /Nothing to sign out of/)
  assert.equal((await browser.send(`${lab.url}/page`)).status, 200)
  nowMs += OVERDUE_MS
  assert.equal((await browser.send(`${lab.url}/page`)).status, 302)
})

test('a refresh token of offline_access outlives the session at the portal', async () => {
  nowMs = Date.now()
  const scopes = ['openid', 'profile', 'offline_access']
  await lab.restart(config => ({ ...config, oidc: { ...(config as { oidc: object }).oidc, scopes } }))
  const browser = new BrowserClient()
  assert.equal((await signIn(browser, 'dwho')).status, 200)
  await browser.get(`${op.issuer}/?logout=1`)
  nowMs += OVERDUE_MS
  assert.equal((await browser.send(`${lab.url}/page`)).status, 200)
  await lab.restart(config => ({
    ...config,
    oidc: { ...(config as { oidc: object }).oidc, scopes: scopes.slice(0, 2) },
  }))
})

test('a stricter rule asks for password and code anew, and is content with them', async () => {
  nowMs = Date.now()
  const browser = new BrowserClient()
  assert.equal((await signIn(browser, 'dwho')).status, 200)
  await sleep((FRESH_S + 2) * 1000)
  nowMs = Date.now()
  assert.equal((await browser.send(`${lab.url}/page`)).status, 200)
  const question = await browser.get(`${lab.url}/area`)
  assert.match(question.text, /renewsession/)
  const end = await answerSignIn(browser, await send(browser, question, {}), 'dwho')
  assert.deepEqual([end.status, end.url], [200, `${lab.url}/area`], end.text)
})

test('a key that is changed at the portal is believed at the next sign-in, and sessions go on', async () => {
  nowMs = Date.now()
  const [early, late] = [new BrowserClient(), new BrowserClient()]
  assert.equal((await signIn(early, 'dwho')).status, 200)
  await op.changeKey()
  assert.equal((await signIn(late, 'dwho')).status, 200)
  nowMs += OVERDUE_MS
  assert.equal((await early.send(`${lab.url}/page`)).status, 200)
})

/** It looks at client and redirect URI once somebody has signed in, and no earlier. */
const seenLater: Readonly<Record<string, Partial<WrongValue>>> = {
  'the redirect URI': { options: [], says: /^$/ },
  'the client': { options: ['oidc.clientSecretFile'], says: /tourhaus is not known there: token endpoint: 401/ },
}

for (const wrong of wrongValues.map(one => ({ ...one, ...seenLater[one.name] }))) {
  test(`op-check, with ${wrong.name} wrong`, async () => {
    const { code, options, messages } = await optionsFound(lab.configFile, wrong)
    assert.deepEqual([options, code], [wrong.options, wrong.options.length === 0 ? 0 : 1], messages.join('\n'))
    assert.match(messages.join('\n'), wrong.says ?? /^/)
  })
}
