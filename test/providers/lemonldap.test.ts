/** A real OP of Debian, with its ways: nothing of a secret is decoded, and claims of the person are at userinfo alone. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type Lemonldap, startLemonldap } from '../../devkit/op/lemonldap.ts'
import { totp } from '../../devkit/op/totp.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { torhausAddresses } from '../../devkit/torhaus/torhaus-config.ts'

/** What a form would encode. */
const SECRET = 'a%b+c d&e=f'
const OVERDUE_MS = 1_500_000
let nowMs = Date.now()
let directory: string
let op: Lemonldap
let lab: SignInLab

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-lemonldap-test-'))
  const clientSecretFile = join(directory, 'secret')
  await writeFile(clientSecretFile, SECRET, { mode: 0o600 })
  const [port, opPort] = [await freePort(), await freePort()]
  const { redirectUri, postLogoutRedirectUri } = torhausAddresses(port)
  op = await startLemonldap({ clientId: 'torhaus', clientSecret: SECRET, redirectUri, postLogoutRedirectUri }, opPort)
  const { issuer } = op
  const scopes = ['openid', 'profile', 'offline_access']
  lab = await startSignInLab({
    ...{ issuer, port, now: () => nowMs },
    configure: config => ({
      ...config,
      oidc: { ...{ profile: 'lemonldap', issuer, clientId: 'torhaus', clientSecretFile, scopes }, acrValues: ['mfa'] },
      secondFactor: { acceptAcr: ['mfa'] },
    }),
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

async function signIn(browser: BrowserClient, name: string): Promise<Answer> {
  const second = await send(browser, await browser.get(`${lab.url}/page`), { user: name, password: name })
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
