/** Our own pages judge a session as the policy of now does, and ask the OP about it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { formTo } from '../../devkit/clients/own-forms.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const MAX_AGE_S = 3600
const REFRESH_S = 600
const EVERYWHERE = '/.torhaus/sign-out-everywhere'

let op: LyingOp
let lab: SignInLab
let offsetMs = 0
let browser: BrowserClient
before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({
    issuer: op.issuer,
    now: () => Date.now() + offsetMs,
    configure: config => ({
      ...config,
      oidc: { ...config.oidc, refreshIntervalSeconds: REFRESH_S, refreshGraceSeconds: 60 },
      secondFactor: { ...config.secondFactor, maxAgeSeconds: MAX_AGE_S },
    }),
  })
})
after(async () => {
  await lab?.close()
  await op?.close()
})
beforeEach(async () => {
  const authTime = Math.floor((Date.now() + offsetMs) / 1000)
  op.tell(({ sign, header, claims }) => sign(header, { ...claims, auth_time: authTime }))
  op.onRefresh('grant')
  browser = new BrowserClient()
  await browser.get(`${lab.url}/.torhaus/`)
})

const PAGES = ['', 'git', 'confirm/ABCD-EFGH']

async function sent(path: string, token: string) {
  const content = new URLSearchParams({ token }).toString()
  const type = 'application/x-www-form-urlencoded'
  const fields = { Origin: lab.url, 'Content-Type': type, 'Content-Length': String(content.length) }
  return browser.send(lab.url + path, { method: 'POST', fields, content })
}

test('a second factor that has become too old shows nothing and does nothing: it leads to the sign-in', async () => {
  const { token } = formTo((await browser.send(`${lab.url}/.torhaus/`)).text, EVERYWHERE) ?? {}
  assert.ok(token)
  offsetMs += (MAX_AGE_S + 1) * 1000
  for (const page of PAGES) {
    const { status, headers } = await browser.send(`${lab.url}/.torhaus/${page}`)
    const signIn = `/.torhaus/sign-in?return_to=${encodeURIComponent(`/.torhaus/${page}`)}`
    assert.deepEqual([status, headers.get('location')], [303, signIn])
  }
  const answer = await sent(EVERYWHERE, token)
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/.torhaus/sign-in?return_to=%2F.torhaus%2F'])
  assert.equal(lab.log.filter(record => record['event.action'] === 'sign-out-everywhere').length, 0)
})

test('what the policy of now does not accept any more shows and does nothing either', async () => {
  const { token } = formTo((await browser.send(`${lab.url}/.torhaus/`)).text, EVERYWHERE) ?? {}
  let usual = {}
  await lab.restart(config => {
    usual = config
    return { ...config, secondFactor: { acceptAcr: ['urn:stronger'] } }
  })
  for (const page of PAGES) assert.equal((await browser.send(`${lab.url}/.torhaus/${page}`)).status, 303, page)
  assert.equal((await sent(EVERYWHERE, token ?? '')).status, 303)
  const out = await browser.send(`${lab.url}/.torhaus/sign-out`, { method: 'POST', fields: { Origin: lab.url } })
  assert.equal(out.headers.get('clear-site-data'), '"cache"', 'signing out needs no second factor')
  await lab.restart(() => usual)
})

test('own pages ask the OP, and once it says no they show nothing', async () => {
  const { refreshes } = op.requests
  offsetMs += (REFRESH_S + 61) * 1000
  assert.equal((await browser.send(`${lab.url}/.torhaus/`)).status, 200)
  assert.equal(op.requests.refreshes, refreshes + 1)
  const { token } = formTo((await browser.send(`${lab.url}/.torhaus/`)).text, EVERYWHERE) ?? {}
  op.onRefresh('refuse')
  offsetMs += (REFRESH_S + 61) * 1000
  assert.equal(codeOf(await sent(EVERYWHERE, token ?? '')), 'session-ended')
  assert.equal((await browser.send(`${lab.url}/.torhaus/`)).status, 303)
})
