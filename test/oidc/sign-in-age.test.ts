/** How old the second factor may be, at the sign-in and while the session runs. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const MAX_AGE_S = 600
const startMs = Math.floor(Date.now() / 1000) * 1000
let nowMs = startMs
let op: LyingOp
let lab: SignInLab

before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({
    issuer: op.issuer,
    now: () => nowMs,
    configure: config => ({ ...config, secondFactor: { ...config.secondFactor, maxAgeSeconds: MAX_AGE_S } }),
  })
})
beforeEach(() => {
  nowMs = startMs
})
after(async () => {
  await lab?.close()
  await op?.close()
})

const authenticated = (claims: { auth_time?: unknown; acr?: unknown }) =>
  op.tell(truth => truth.sign(truth.header, { ...truth.claims, ...claims }))

async function assertRefused(status: number, code: string): Promise<void> {
  const browser = new BrowserClient()
  const end = await browser.get(`${lab.url}/`)
  assert.deepEqual([end.status, codeOf(end)], [status, code])
  assert.equal(browser.cookies.get(SESSION_COOKIE), undefined)
}

test('an authentication as old as allowed opens a session', async () => {
  authenticated({ auth_time: startMs / 1000 - MAX_AGE_S })
  assert.equal((await new BrowserClient().get(`${lab.url}/`)).status, 200)
})

test('an OP that ignores max_age does not get an old authentication through', async () => {
  authenticated({ auth_time: startMs / 1000 - MAX_AGE_S - 1 })
  await assertRefused(403, 'second-factor-stale')
})

test('an authentication without a time, in the future, or at no time at all is refused', async () => {
  for (const auth_time of [undefined, startMs / 1000 + 3600, 1e300]) {
    authenticated({ auth_time })
    await assertRefused(403, 'second-factor-stale')
  }
  for (const auth_time of ['yesterday', -1]) {
    authenticated({ auth_time })
    await assertRefused(502, 'op-response-invalid')
  }
})

test('an acr that is missing, lower, or no text is refused', async () => {
  for (const acr of [undefined, 'urn:torhaus:acr:pwd', '', ['urn:torhaus:acr:mfa'], true]) {
    authenticated({ acr })
    await assertRefused(403, 'second-factor-missing')
  }
})

test('a session whose second factor has grown old signs in again, under a new id, and ends', async () => {
  op.tell()
  const browser = new BrowserClient()
  await browser.get(`${lab.url}/page`)
  const first = browser.cookies.get(SESSION_COOKIE)?.value ?? ''
  nowMs += (MAX_AGE_S + 61) * 1000
  const script = await browser.send(`${lab.url}/page`, { fields: { 'Sec-Fetch-Mode': 'cors' } })
  assert.deepEqual([script.status, codeOf(script)], [403, 'second-factor-stale'])
  authenticated({ auth_time: Math.floor(nowMs / 1000) })
  const end = await browser.get(`${lab.url}/page`)
  assert.equal(end.status, 200)
  assert.notEqual(browser.cookies.get(SESSION_COOKIE)?.value, first)
  const old = new BrowserClient()
  old.plant(SESSION_COOKIE, first)
  assert.equal(codeOf(await old.send(`${lab.url}/page`)), 'session-ended')
})
