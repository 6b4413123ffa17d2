/** Back-channel logout with an OP that has it: signing out there, from whatever application, ends the session here. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

let lab: SignInLab

before(async () => {
  lab = await startSignInLab()
})
after(() => lab?.close())

/** At the OP itself, as a person does who leaves another application. */
async function signOutAtOp(browser: BrowserClient): Promise<void> {
  const question = await browser.get(`${lab.op.issuer}/session/end`)
  const field = (pattern: RegExp) => pattern.exec(question.text)?.[1] ?? ''
  const form = { xsrf: field(/name="xsrf" value="([^"]+)"/), logout: 'yes' }
  assert.match((await browser.post(field(/action="([^"]+)"/), form)).text, /signed out/i)
}

test('signing out at the OP ends the session here, without the browser, and no session of another browser', async () => {
  const [one, other] = [await lab.signedIn(), await lab.signedIn()]
  assert.equal((await one.send(`${lab.url}/`)).status, 200)
  await signOutAtOp(one)
  const record = await lab.logged(({ 'event.action': action }) => action === 'back-channel-logout')
  assert.deepEqual([record['user.name'], record['torhaus.sessions']], ['ada', 1])
  assert.ok(one.cookies.has(SESSION_COOKIE), 'the browser knows nothing of it')
  assert.equal((await one.send(`${lab.url}/`)).status, 302)
  assert.equal((await other.send(`${lab.url}/`)).status, 200)
  assert.equal(lab.log.filter(({ 'event.action': action }) => action === 'logout-refused').length, 0)
})

test('after signing out here, the logout token of the OP finds nothing left, and signing in again works', async () => {
  const browser = await lab.signedIn()
  const answer = await browser.send(`${lab.url}/.torhaus/sign-out`, { method: 'POST', fields: { Origin: lab.url } })
  assert.equal(answer.status, 303)
  await signOutAtOp(browser)
  await lab.logged(
    ({ 'event.action': action, 'torhaus.sessions': ended }) => action === 'back-channel-logout' && ended === 0,
  )
  assert.equal((await (await lab.signedIn()).send(`${lab.url}/`)).status, 200)
})
