/** A real OP of Debian, with its ways: nothing of a secret is decoded, and claims of the person are at userinfo alone. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import type { Lemonldap } from '../../devkit/op/lemonldap.ts'
import { totp } from '../../devkit/op/totp.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { codeOf, type SignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { FRESH_S, type LemonldapLab, startLemonldapLab } from './lemonldap-lab.ts'
import { BEHIND_TLS, optionsAt, optionsBehindTls } from './wrong-surroundings.ts'
import { optionsFound, WRONG_SECRET, type WrongValue, wrongValues } from './wrong-values.ts'

const OVERDUE_MS = 1_500_000
const CLOCK_AHEAD_MS = 60_000
let nowMs = Date.now()
let opened: LemonldapLab
let op: Lemonldap
let lab: SignInLab

before(async () => {
  opened = await startLemonldapLab(() => nowMs)
  ;({ op, torhaus: lab } = opened)
})
after(() => opened?.close())

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

test('op-check, with the authority or the clock wrong', async () => {
  assert.deepEqual(await optionsBehindTls(lab.configFile), BEHIND_TLS)
  assert.deepEqual(await optionsAt(lab.configFile, CLOCK_AHEAD_MS), ['oidc.clockToleranceSeconds'])
})

/** Each as it is found at the sign-in: the code on the page, and what the log says. */
const atSignIn: readonly (readonly [name: string, change: object, code: string, says: RegExp])[] = [
  ['secret', { clientSecretFile: WRONG_SECRET }, 'op-response-invalid', /^token endpoint: 401 /],
  ['claim', { userinfo: false }, 'account-unmapped', /claims received: .*preferred_username is missing/],
]

for (const [name, change, code, says] of atSignIn)
  test(`at the sign-in the log names the ${name} that is wrong`, async () => {
    nowMs = Date.now()
    let right: object = {}
    await lab.restart(config => {
      right = config
      return { ...config, oidc: { ...(config as { oidc: object }).oidc, ...change } }
    })
    const end = await signIn(new BrowserClient(), 'dwho')
    assert.equal(codeOf(end), code)
    const id = end.headers.get('x-request-id')
    const record = await lab.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
    assert.match(String(record['error.message']), says)
    await lab.restart(() => right)
  })

/** It looks at client and redirect URI once somebody has signed in, and no earlier. */
const seenLater: Readonly<Record<string, Partial<WrongValue>>> = {
  'the redirect URI': { options: [], says: /^$/ },
  'the client': { options: ['oidc.clientSecretFile'], says: /does not know tourhaus: token endpoint: 401/ },
}

for (const wrong of wrongValues.map(one => ({ ...one, ...seenLater[one.name] }))) {
  test(`op-check, with ${wrong.name} wrong`, async () => {
    const { code, options, messages } = await optionsFound(lab.configFile, wrong)
    assert.deepEqual([options, code], [wrong.options, wrong.options.length === 0 ? 0 : 1], messages.join('\n'))
    assert.match(messages.join('\n'), wrong.says ?? /^/)
  })
}
