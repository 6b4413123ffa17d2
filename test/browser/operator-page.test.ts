/** The pages for operators in a real Chromium: they look as they should, work without a mouse, and hinder nobody. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { CHROMIUM } from '../../devkit/clients/chromium.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { type OperatorLab, startOperatorLab } from '../operator/operator-lab.ts'
import { type AccessibilityCheck, startAccessibilityCheck } from './axe.ts'

let lab: OperatorLab
let browser: Browser
let check: AccessibilityCheck
before(async () => {
  lab = await startOperatorLab()
  browser = await chromium.launch(CHROMIUM)
  check = await startAccessibilityCheck()
})
after(async () => {
  await check?.[Symbol.asyncDispose]()
  await browser?.close()
  await lab?.close()
})

async function open(path: string): Promise<Page> {
  const context = await browser.newContext({ httpCredentials: { username: 'anybody', password: lab.credential } })
  const page = await context.newPage()
  await page.goto(`${lab.adminUrl}${path}`)
  return page
}

test('no page for operators has a violation of WCAG 2.2 AA, light or dark, at a desk or on a phone', async () => {
  const person = await lab.signedIn()
  await person.send(`${lab.url}/`)
  await lab.signedIn()
  const [name = '', value = ''] = patField.split(': ')
  await (await fetch(`${lab.url}/api`, { headers: { [name]: value } })).text()
  const refused = await fetch(`${lab.url}/DefaultCollection/${'long'.repeat(40)}`)
  const id = refused.headers.get('X-Request-Id')
  await refused.text()
  for (const path of [
    '/operator',
    '/operator/person',
    '/operator/person?account=ada',
    '/operator/person?account=nobody',
    '/operator/refusals',
    `/operator/request?id=${id}`,
    '/operator/request?id=unknown',
  ]) {
    const page = await open(path)
    assert.deepEqual(await check.violations(page), [], path)
    // By the style sheet that the policy of the page lets in.
    assert.equal(await page.evaluate('getComputedStyle(document.querySelector("main")).maxWidth'), '1152px', path)
    await page.context().close()
  }
})

test('a person is looked up and a session ended with the keyboard alone', async () => {
  const person = await lab.signedIn()
  const page = await open('/operator')
  await page.getByLabel('Person, in any spelling').focus()
  await page.keyboard.type('ADA')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /^Sessions: [1-9]/ }).waitFor()
  await page.getByRole('button', { name: 'End everything of ADA' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText(/^sessions ended: [1-9]/).waitFor()
  assert.deepEqual(await check.violations(page), [])
  assert.equal((await person.send(`${lab.url}/`)).status, 302)
  // The answer of a form, once more.
  await page.reload()
  await page.getByText('This form has already been sent').waitFor()
  assert.deepEqual(await check.violations(page), [])
  await page.context().close()
})

test('a page of another site ends nothing, though the browser sends the credential along', async () => {
  const person = await lab.signedIn()
  const page = await open('/operator/person?account=ada')
  const forms = await page.content()
  const token = /name="what" value="person".*?name="token" value="([^"]+)"/s.exec(forms)?.[1]
  assert.ok(token)
  // Another origin of the same site: the listener of the clients, behind the same address.
  lab.origin.answerWith((_, response) =>
    response
      .writeHead(200, { 'Content-Type': 'text/html' })
      .end(`<form method="post" action="${lab.adminUrl}/operator/end">
<input name="what" value="person"><input name="account" value="ada"><input name="key" value=""><input name="token" value="${token}"><button>Win</button></form>`),
  )
  await page.context().setExtraHTTPHeaders({ Authorization: `Bearer ${await lab.op.issueAccessToken('ada')}` })
  await page.goto(`${lab.url}/page`)
  await page.context().setExtraHTTPHeaders({})
  await page.getByRole('button', { name: 'Win' }).click()
  await page.getByText('This form was sent by another website').waitFor()
  assert.equal((await person.send(`${lab.url}/`)).status, 200)
  const framed = await page.context().newPage()
  await framed.setContent(`<iframe src="${lab.adminUrl}/operator"></iframe>`)
  await framed.frames()[1]?.waitForLoadState()
  assert.doesNotMatch((await framed.frames()[1]?.content()) ?? '', /At a glance/)
  await page.context().close()
})
