import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

const BLOCK = 2
let lab: BrowserLab

before(async () => {
  lab = await startBrowserLab()
})
after(() => lab.close())

test('a browser that keeps no cookies of this site reads so, and does not go around in circles', async () => {
  const exceptions = { cookies: { [`${lab.torhaus.url},*`]: { setting: BLOCK } } }
  const browser = await lab.open({ profile: { content_settings: { exceptions } } })
  const page = await browser.newPage()
  let requests = 0
  page.on('request', () => requests++)
  await page.goto(lab.home)
  await signInAs(page, lab.torhaus.users.ada)
  await page.getByText('allow cookies for this site').waitFor()
  const kept = await browser.cookies(lab.home)
  assert.deepEqual(
    kept.filter(({ name }) => name.startsWith('torhaus')),
    [],
  )
  assert.ok(requests < 20, `${requests} requests`)
  await page.getByRole('link', { name: 'Sign in again' }).click()
  await page.getByText('allow cookies for this site').waitFor()
  await browser.close()
})

test('a browser that keeps no cookies at all is stopped by the OP, and does not go around in circles', async () => {
  const browser = await lab.open({ profile: { default_content_setting_values: { cookies: BLOCK } } })
  const page = await browser.newPage()
  let requests = 0
  page.on('request', () => requests++)
  await page.goto(lab.home)
  await page.getByText('started in another browser').waitFor()
  assert.ok(requests < 20, `${requests} requests`)
  await browser.close()
})
