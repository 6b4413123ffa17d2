/** The session ends while somebody works. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

let lab: BrowserLab

before(async () => {
  lab = await startBrowserLab()
})
after(() => lab.close())

async function signedInPage(): Promise<Page> {
  const page = await (await lab.open()).newPage()
  await page.goto(lab.home)
  await signInAs(page, lab.torhaus.users.ada)
  await page.waitForURL(lab.home)
  return page
}

/** Ends the session where the browser does not notice. */
async function endSession(page: Page): Promise<void> {
  const cookies = await page.context().cookies(lab.home)
  const elsewhere = new BrowserClient()
  for (const { name, value } of cookies) elsewhere.plant(name, value)
  const fields = { Origin: lab.torhaus.url }
  const answer = await elsewhere.send(`${lab.torhaus.url}/.torhaus/sign-out`, { method: 'POST', fields })
  assert.equal(answer.status, 303)
}

const fetchInPage = (page: Page) =>
  page.evaluate(`fetch('/DefaultCollection/_apis/whoami').then(async answer => [answer.status, answer.redirected])`)

test('a script is answered 401 and not redirected, and after the next navigation it works again', async () => {
  const page = await signedInPage()
  assert.deepEqual(await fetchInPage(page), [200, false])
  await endSession(page)
  assert.deepEqual(await fetchInPage(page), [401, false])
  // The OP still knows the person: the navigation comes back without a question.
  await page.goto(`${lab.home}_boards`)
  assert.equal(page.url(), `${lab.home}_boards`)
  assert.deepEqual(await fetchInPage(page), [200, false])
  await page.context().close()
})

test('a form sent with an ended session is not lost: sign in in a new tab, come back, send it again', async () => {
  const page = await signedInPage()
  await endSession(page)
  await page.evaluate(`{
    const form = document.body.appendChild(document.createElement('form'))
    form.method = 'post'
    form.action = '/DefaultCollection/_apis/upload'
    const field = form.appendChild(document.createElement('textarea'))
    field.name = field.value = 'work-of-an-hour'
    form.submit()
  }`)
  await page.getByText('did not reach the server').waitFor()
  const opened = page.context().waitForEvent('page')
  await page.getByRole('link', { name: 'Sign in in a new tab' }).click()
  await (await opened).getByRole('heading', { name: 'You are signed in' }).waitFor()
  await page.reload()
  const { bytes } = JSON.parse(String(await page.evaluate('document.body.innerText')))
  assert.equal(bytes, 'work-of-an-hour=work-of-an-hour'.length)
  await page.context().close()
})
