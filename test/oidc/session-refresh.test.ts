/** The OP is asked from time to time whether the person is still welcome: at one Torhaus, over sockets. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { codeOf, SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const [INTERVAL_MS, GRACE_MS] = [600_000, 900_000]
let nowMs = Date.now()
let op: LyingOp
let lab: SignInLab
let browser: BrowserClient

before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({ issuer: op.issuer, now: () => nowMs })
})
beforeEach(async () => {
  nowMs = Date.now()
  op.tell()
  op.onRefresh('grant')
  browser = new BrowserClient()
  await browser.get(`${lab.url}/`)
  op.requests.refreshes = 0
})
after(async () => {
  await lab?.close()
  await op?.close()
})

const page = () => browser.send(`${lab.url}/page`)
const script = () => browser.send(`${lab.url}/page`, { fields: { 'Sec-Fetch-Mode': 'cors' } })

/** Until what runs in the background has reached the OP so often. */
async function refreshesAtOp(count: number): Promise<void> {
  await eventually(() => op.requests.refreshes >= count, `the OP is asked ${count} times`)
  assert.equal(op.requests.refreshes, count)
}

test('the OP is not asked before it is due, and once when it is, while the request goes on at once', async () => {
  nowMs += INTERVAL_MS - 1000
  assert.equal((await page()).status, 200)
  assert.equal(op.requests.refreshes, 0)
  nowMs += 1000
  op.onRefresh('wait')
  assert.equal((await page()).status, 200)
  await refreshesAtOp(1)
  op.answer()
})

test('50 requests at once, overdue, wait for a single question, and all pass', async () => {
  nowMs += INTERVAL_MS + GRACE_MS
  op.onRefresh('wait')
  const answers = Promise.all(Array.from({ length: 50 }, page))
  await refreshesAtOp(1)
  op.answer()
  for (const answer of await answers) assert.equal(answer.status, 200)
  assert.equal(op.requests.refreshes, 1)
})

test('refresh tokens rotate: each question uses the token the one before brought', async () => {
  for (let round = 1; round <= 4; round++) {
    nowMs += INTERVAL_MS + GRACE_MS
    assert.equal((await page()).status, 200, `round ${round}`)
    assert.equal(op.requests.refreshes, round)
  }
})

test('when the OP refuses, the session ends', async () => {
  op.onRefresh('refuse')
  nowMs += INTERVAL_MS + GRACE_MS
  const answer = await script()
  assert.deepEqual([answer.status, codeOf(answer)], [401, 'session-ended'])
  op.onRefresh('grant')
  assert.equal(codeOf(await script()), 'session-ended')
  assert.equal(op.requests.refreshes, 1)
})

test('when the OP refuses in the background, the session has ended for the next request', async () => {
  op.onRefresh('refuse')
  nowMs += INTERVAL_MS
  assert.equal((await script()).status, 200)
  await lab.logged(record => record['event.outcome'] === 'ended')
  assert.equal(codeOf(await script()), 'session-ended')
})

test('a refreshed ID token that speaks of somebody else ends the session', async () => {
  op.tell(({ sign, header, claims }) => sign(header, { ...claims, sub: 'subject-of-mallory' }))
  nowMs += INTERVAL_MS + GRACE_MS
  assert.equal(codeOf(await script()), 'session-ended')
  op.tell()
  assert.equal(codeOf(await script()), 'session-ended')
})

test('while the OP is away the session lives on for the grace, and is asked for at most every ten seconds', async () => {
  op.onRefresh('break')
  nowMs += INTERVAL_MS
  for (let request = 0; request < 20; request++) assert.equal((await page()).status, 200)
  await refreshesAtOp(1)
  nowMs += 10_000
  assert.equal((await page()).status, 200)
  await refreshesAtOp(2)
  op.onRefresh('grant')
  nowMs += 10_000
  assert.equal((await page()).status, 200)
  await refreshesAtOp(3)
})

test('after the grace the session ends: no request passes any more, however often it asks', async () => {
  op.onRefresh('break')
  nowMs += INTERVAL_MS + GRACE_MS
  const seen = lab.origin.requests.length
  for (let request = 0; request < 5; request++) assert.equal(codeOf(await script()), 'session-ended')
  assert.equal(lab.origin.requests.length, seen)
})

test('a browser whose session ended for want of the OP is sent to the OP, not around in circles', async () => {
  op.onRefresh('break')
  nowMs += INTERVAL_MS + GRACE_MS
  const toSignIn = await page()
  assert.equal(toSignIn.status, 302)
  const toOp = await browser.send(toSignIn.headers.get('location') ?? '')
  assert.equal(new URL(toOp.headers.get('location') ?? '').origin, op.issuer)
  const id = browser.cookies.get(SESSION_COOKIE)?.value
  assert.equal((await browser.get(`${lab.url}/page`)).status, 200)
  assert.notEqual(browser.cookies.get(SESSION_COOKIE)?.value, id)
})
