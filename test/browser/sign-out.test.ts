import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { type BrowserLab, openKeptPage, startBrowserLab } from './browser-lab.ts'

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

async function signOut(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  assert.equal(new URL(page.url()).origin, lab.torhaus.op.issuer)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${lab.torhaus.url}/.torhaus/signed-out`)
}

test('signing out ends here and at the OP, and the password is asked for again', async () => {
  const page = await signedInPage()
  await signOut(page)
  assert.deepEqual(
    (await page.context().cookies(lab.home)).filter(({ name }) => name === 'torhaus'),
    [],
  )
  await page.goto(lab.home)
  await page.getByLabel('Password').waitFor()
  await page.context().close()
})

test('after signing out, Back shows no page of the server and no page of a person', async () => {
  const page = await signedInPage()
  await page.goto(`${lab.home}_boards`)
  await page.goto(`${lab.torhaus.url}/.torhaus/`)
  await page.goto(`${lab.home}_boards`)
  await signOut(page)
  for (let steps = 1; steps <= 6; steps++) {
    await page.goBack({ waitUntil: 'load' })
    const shown = await page.evaluate('document.body.innerText')
    assert.doesNotMatch(String(shown), /\bada\b|To do|You are signed in/, `${steps} steps back, at ${page.url()}`)
  }
  await page.context().close()
})

test('after signing out, a page that the server allowed to be kept is not shown any more, by Back or by its address', async () => {
  const plain = await startSignInLab()
  try {
    const page = await openKeptPage(lab, plain)
    await page.goto(`${plain.url}/.torhaus/sign-out`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${plain.url}/.torhaus/signed-out`)
    for (let steps = 1; steps <= 5; steps++) {
      await page.goBack({ waitUntil: 'load' })
      assert.doesNotMatch(String(await page.evaluate('document.body.innerText')), /Secret plan/, `${steps} steps back`)
    }
    await page.goto(`${plain.url}/plan`)
    await page.getByLabel('Password').waitFor()
    await page.context().close()
  } finally {
    await plain.close()
  }
})

test('staying signed in leads back to the server', async () => {
  const page = await signedInPage()
  await page.getByRole('link', { name: 'Sign out' }).click()
  await page.getByRole('link', { name: 'Stay signed in' }).click()
  await page.waitForURL(lab.home)
  assert.equal(await page.locator('#account').textContent(), 'ada')
  await page.context().close()
})
