import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

let lab: BrowserLab

before(async () => {
  lab = await startBrowserLab()
})
after(() => lab.close())

test('the fragment of a deep link survives the form of the OP', async () => {
  const browser = await lab.open()
  const page = await browser.newPage()
  await page.goto(`${lab.home}_boards?view=mine#note_123`)
  await signInAs(page, lab.torhaus.users.ada)
  await page.waitForURL(`${lab.home}_boards?view=mine#note_123`)
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Boards')
  assert.equal(await page.evaluate('sessionStorage.length'), 0)
  // Back leads to where the person came from, not to a page of ours that leads here again.
  await page.goBack()
  assert.ok(!page.url().includes('/.torhaus/'), page.url())
  await browser.close()
})

test('the fragment never reaches Torhaus: what is only for the browser is in no log', async () => {
  const browser = await lab.open()
  const page = await browser.newPage()
  const requested: string[] = []
  page.on('request', request => requested.push(request.url()))
  await page.goto(`${lab.home}#access_token=only-for-the-browser`)
  await signInAs(page, lab.torhaus.users.ada)
  await page.waitForURL(`${lab.home}#access_token=only-for-the-browser`)
  const sent = requested.map(url => url.split('#')[0])
  assert.ok(sent.length > 3)
  assert.ok(!sent.join().includes('only-for-the-browser'))
  await browser.close()
})

test('with scripts off the sign-in works, without the fragment', async () => {
  const browser = await lab.open({ webkit: { webprefs: { javascript_enabled: false } } })
  const page = await browser.newPage()
  await page.goto(`${lab.home}_boards#note_123`)
  await page.getByLabel('User name').waitFor()
  await signInAs(page, lab.torhaus.users.ada)
  await page.waitForURL(/_boards/)
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Boards')
  await browser.close()
})
