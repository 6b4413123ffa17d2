/** A person at a real browser, where our own pages have a host of their own. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { type BrowserLab, openKeptPage, startBrowserLab } from './browser-lab.ts'

let lab: BrowserLab
let pagesUrl = ''

before(async () => {
  lab = await startBrowserLab(undefined, true)
  ;({ pagesUrl } = lab.torhaus)
})
after(() => lab?.close())

async function signedInPage(path = ''): Promise<Page> {
  const page = await (await lab.open()).newPage()
  await page.goto(lab.home + path)
  await signInAs(page, lab.torhaus.users.ada)
  await page.waitForURL(lab.home + path)
  return page
}

const cookieNames = async (page: Page, url: string) =>
  (await page.context().cookies(url)).map(({ name }) => name).filter(name => name.startsWith('torhaus'))

test('a deep link with a fragment is reached through the sign-in at both hosts, and Back leads to no page of ours', async () => {
  const page = await signedInPage('_boards?view=mine#note_123')
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Boards')
  assert.deepEqual(await cookieNames(page, lab.home), ['torhaus-sign-in', 'torhaus'])
  assert.deepEqual(await cookieNames(page, pagesUrl), ['torhaus-own-sign-in', 'torhaus-own'])
  await page.goBack()
  assert.ok(!page.url().includes('/.torhaus/'), page.url())
  await page.context().close()
})

test('the personal page is at our own host, and leads back to the server', async () => {
  const page = await signedInPage()
  await page.goto(`${lab.torhaus.url}/.torhaus/`)
  assert.equal(page.url(), `${pagesUrl}/.torhaus/`)
  await page.getByText('This browser').waitFor()
  await page.getByRole('link', { name: /^Go to / }).click()
  await page.waitForURL(`${lab.torhaus.url}/**`)
  assert.ok(!page.url().includes('/.torhaus/'), page.url())
  await page.context().close()
})

test('signing out ends at both hosts and at the OP, and Back shows no page of the server and no page of a person', async () => {
  const page = await signedInPage()
  await page.goto(`${pagesUrl}/.torhaus/`)
  await page.goto(`${lab.home}_boards`)
  await page.goto(`${lab.torhaus.url}/.torhaus/sign-out`)
  assert.equal(new URL(page.url()).origin, pagesUrl)
  await page.getByRole('button', { name: 'Sign out' }).click()
  assert.equal(new URL(page.url()).origin, lab.torhaus.op.issuer)
  assert.deepEqual(await cookieNames(page, lab.home), ['torhaus-sign-in'])
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${pagesUrl}/.torhaus/signed-out`)
  assert.deepEqual(await cookieNames(page, pagesUrl), ['torhaus-own-sign-in'])
  for (let steps = 1; steps <= 6; steps++) {
    await page.goBack({ waitUntil: 'load' })
    const shown = await page.evaluate('document.body.innerText')
    assert.doesNotMatch(String(shown), /\bada\b|To do|You are signed in/, `${steps} steps back, at ${page.url()}`)
  }
  await page.goto(lab.home)
  await page.getByLabel('Password').waitFor()
  await page.context().close()
})

test('after signing out, a page that the server allowed to be kept is not shown any more', async () => {
  const plain = await startSignInLab({ ownHost: true })
  try {
    const page = await openKeptPage(lab, plain)
    await page.goto(`${plain.pagesUrl}/.torhaus/sign-out`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${plain.pagesUrl}/.torhaus/signed-out`)
    await page.goto(`${plain.url}/plan`)
    await page.getByLabel('Password').waitFor()
    await page.context().close()
  } finally {
    await plain.close()
  }
})
