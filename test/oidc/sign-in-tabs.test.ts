import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const MOST_IN_FLIGHT = 8
let op: LyingOp
let lab: SignInLab

before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({ issuer: op.issuer })
})
after(async () => {
  await lab?.close()
  await op?.close()
})

/** Opens tabs one after the other; each waits where the OP sends it back to. */
async function openTabs(browser: BrowserClient, count: number): Promise<string[]> {
  const callbacks: string[] = []
  for (let tab = 0; tab < count; tab++) {
    const { url } = await browser.get(`${lab.url}/tab-${tab}`, to => to.includes('/.torhaus/callback?'))
    callbacks.push(url)
  }
  return callbacks
}

test('eight tabs can sign in at once, and each lands on its own page', async () => {
  const browser = new BrowserClient()
  const callbacks = await openTabs(browser, MOST_IN_FLIGHT)
  for (const [tab, callback] of callbacks.entries()) {
    // As if each were first: a session that one tab opened would spare the others the rest.
    browser.cookies.delete(SESSION_COOKIE)
    const end = await browser.send(callback)
    assert.deepEqual([end.status, end.headers.get('location')], [303, `/tab-${tab}`])
  }
})

test('the ninth tab costs the oldest its sign-in, and no other', async () => {
  const browser = new BrowserClient()
  const [oldest = '', ...others] = await openTabs(browser, MOST_IN_FLIGHT + 1)
  assert.equal(codeOf(await browser.send(oldest)), 'sign-in-unknown')
  for (const callback of others) {
    browser.cookies.delete(SESSION_COOKIE)
    assert.equal((await browser.send(callback)).status, 303)
  }
})

test('tabs of another browser do not count', async () => {
  const browser = new BrowserClient()
  const [callback = ''] = await openTabs(browser, 1)
  await openTabs(new BrowserClient(), MOST_IN_FLIGHT + 1)
  assert.equal((await browser.send(callback)).status, 303)
})

test('a session opened by the first tab wins: the second tab goes to its page without asking the OP', async () => {
  const browser = new BrowserClient()
  const [first = '', second = ''] = await openTabs(browser, 2)
  await browser.send(first)
  const session = browser.cookies.get(SESSION_COOKIE)
  const { codes } = op.requests
  const end = await browser.send(second)
  assert.deepEqual([end.status, end.headers.get('location')], [303, '/tab-1'])
  assert.equal(op.requests.codes, codes)
  assert.deepEqual(browser.cookies.get(SESSION_COOKIE), session)
})

test('a session wins over a callback that is stale, was used, or never was', async () => {
  const browser = new BrowserClient()
  const [callback = ''] = await openTabs(browser, 1)
  await browser.send(callback)
  for (const [url, wanted] of [
    [callback, '/tab-0'],
    [`${lab.url}/.torhaus/callback`, '/'],
    [`${lab.url}/.torhaus/callback?error=access_denied`, '/'],
  ] as const) {
    const end = await browser.send(url)
    assert.deepEqual([end.status, end.headers.get('location')], [303, wanted])
  }
})

test('with a session, the sign-in leads straight to the page wanted', async () => {
  const browser = new BrowserClient()
  await browser.get(`${lab.url}/`)
  const answer = await browser.send(`${lab.url}/.torhaus/sign-in?return_to=%2Fpage%3Fa%3Db`)
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/page?a=b'])
})

test('eight sign-ins finished in parallel all succeed, and only one session is used afterwards', async () => {
  const browser = new BrowserClient()
  const callbacks = await openTabs(browser, MOST_IN_FLIGHT)
  const ends = await Promise.all(callbacks.map(callback => browser.send(callback)))
  for (const end of ends) assert.equal(end.status, 303)
  assert.equal((await browser.send(`${lab.url}/page`)).status, 200)
})
