import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

let lab: BrowserLab

before(async () => {
  lab = await startBrowserLab()
})
after(() => lab.close())

test('a person signs in with password and code, and lands on the page wanted', async () => {
  const browser = await lab.open()
  const page = await browser.newPage()
  await page.goto(`${lab.home}_boards?view=mine`)
  assert.equal(new URL(page.url()).origin, lab.torhaus.op.issuer)
  await signInAs(page, lab.torhaus.users.ada)
  await page.waitForURL(`${lab.home}_boards?view=mine`)
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Boards')
  await page.getByRole('link', { name: 'Overview' }).click()
  assert.equal(await page.locator('#account').textContent(), 'ada')
  const ours = (await browser.cookies(lab.home)).filter(({ name }) => name === 'torhaus')
  assert.deepEqual([ours[0]?.httpOnly, ours[0]?.sameSite, ours[0]?.path, ours.length], [true, 'Lax', '/', 1])
  assert.equal(await page.evaluate('document.cookie'), '')
  await browser.close()
})

test('after a wrong code the right one still signs in', async () => {
  const browser = await lab.open()
  const page = await browser.newPage()
  await page.goto(lab.home)
  const { ada } = lab.torhaus.users
  await signInAs(page, { name: ada.name, password: ada.password })
  await page.getByLabel('Code').fill('000000')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByText('That code is wrong').waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Use another account' }).click()
  await signInAs(page, ada)
  await page.waitForURL(lab.home)
  assert.equal(await page.locator('#account').textContent(), 'ada')
  await browser.close()
})

test('two tabs that sign in at once both end on their own page', async () => {
  const browser = await lab.open()
  const [one, other] = [await browser.newPage(), await browser.newPage()]
  await one.goto(lab.home)
  await other.goto(`${lab.home}_boards`)
  await signInAs(one, lab.torhaus.users.ada)
  await one.waitForURL(lab.home)
  await signInAs(other, lab.torhaus.users.ada)
  await other.waitForURL(`${lab.home}_boards`)
  await one.reload()
  assert.equal(await one.locator('#account').textContent(), 'ada')
  await browser.close()
})

test('without a second factor a person reads why, and can change to another account', async () => {
  const browser = await lab.open()
  const page = await browser.newPage()
  await page.goto(lab.home)
  await signInAs(page, lab.torhaus.users.carol)
  await page.getByRole('heading', { name: 'A second factor is needed' }).waitFor()
  await page.getByRole('link', { name: 'Use another account' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  // The question of the OP.
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await page.getByRole('link', { name: 'Sign in' }).click()
  await signInAs(page, lab.torhaus.users.ada)
  await page.waitForURL(lab.home)
  await browser.close()
})
