import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { BrowserClient as Browser } from '../../devkit/clients/browser-client.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { codeOf, SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

let lab: SignInLab

before(async () => {
  lab = await startSignInLab()
})
after(() => lab.close())

const signOut = (browser: BrowserClient, fields: Record<string, string | undefined> = { Origin: lab.url }) =>
  browser.send(`${lab.url}/.torhaus/sign-out`, { method: 'POST', fields })

/** Whether the session id still opens anything, cookie or no cookie. */
async function isAlive(id: string): Promise<boolean> {
  const thief = new Browser()
  thief.plant(SESSION_COOKIE, id)
  return (await thief.send(`${lab.url}/`)).status === 200
}

const idOf = (browser: BrowserClient) => browser.cookies.get(SESSION_COOKIE)?.value ?? ''

test('sign-out asks first, and a GET alone signs nobody out', async () => {
  const browser = await lab.signedIn()
  const page = await browser.send(`${lab.url}/.torhaus/sign-out`)
  assert.equal(page.status, 200)
  assert.match(page.text, /<form method="post" action="\/\.torhaus\/sign-out"/)
  assert.ok(await isAlive(idOf(browser)))
})

test('sign-out ends the session here, takes the cookie away and goes on to the OP, which returns', async () => {
  const browser = await lab.signedIn()
  const id = idOf(browser)
  const answer = await signOut(browser)
  assert.equal(answer.status, 303)
  const location = new URL(answer.headers.get('location') ?? '')
  assert.equal(location.origin, lab.op.issuer)
  assert.equal(location.searchParams.get('post_logout_redirect_uri'), `${lab.url}/.torhaus/signed-out`)
  assert.match(location.searchParams.get('id_token_hint') ?? '', /^ey/)
  assert.equal(idOf(browser), '')
  assert.equal(answer.headers.get('clear-site-data'), '"cache"')
  assert.equal(await isAlive(id), false)

  const { endSession } = lab.op.requests
  const question = await browser.get(location.href)
  assert.equal(lab.op.requests.endSession, endSession + 1)
  const field = (pattern: RegExp) => pattern.exec(question.text)?.[1] ?? ''
  const form = { xsrf: field(/name="xsrf" value="([^"]+)"/), logout: 'yes' }
  const end = await browser.post(field(/action="([^"]+)"/), form)
  assert.equal(end.url, `${lab.url}/.torhaus/signed-out`)
  assert.match(end.text, /You are signed out/)
  const { signIns } = lab.op
  await signIn(browser, `${lab.url}/`, lab.users.ada)
  assert.equal(lab.op.signIns, signIns + 1, 'the OP asks for the password again')
})

test('a sign-out that another site sends, or that does not say where it comes from, is refused', async () => {
  const browser = await lab.signedIn()
  for (const Origin of ['https://evil.example', `${lab.url}.evil.example`, 'null', '', undefined]) {
    const answer = await signOut(browser, { Origin })
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'sign-in-not-same-origin'], String(Origin))
  }
  assert.ok(await isAlive(idOf(browser)))
})

test('whoever was refused for want of a second factor can leave the OP to sign in as somebody else', async () => {
  const browser = new Browser()
  assert.equal((await signIn(browser, `${lab.url}/`, lab.users.carol)).status, 403)
  const location = new URL((await signOut(browser)).headers.get('location') ?? '')
  assert.equal(location.origin, lab.op.issuer)
  assert.equal(location.searchParams.get('client_id'), 'torhaus')
})

test('after a sign-out a request with the old cookie is told that the session has ended', async () => {
  const browser = await lab.signedIn()
  const id = idOf(browser)
  await signOut(browser)
  browser.plant(SESSION_COOKIE, id)
  const answer = await browser.send(`${lab.url}/`, { fields: { 'Sec-Fetch-Mode': 'cors' } })
  assert.deepEqual([answer.status, codeOf(answer)], [401, 'session-ended'])
})

test('every page of ours is kept out of caches and frames, and loads nothing', async () => {
  const browser = await lab.signedIn()
  for (const path of ['/', '/sign-out', '/signed-out', '/no-such-page']) {
    const { headers } = await browser.send(`${lab.url}/.torhaus${path}`)
    assert.equal(headers.get('cache-control'), 'no-store', path)
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/, path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
  }
})
