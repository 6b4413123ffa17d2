/** The same LemonLDAP::NG, and people at a real Chromium. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { CHROMIUM } from '../../devkit/clients/chromium.ts'
import { totp } from '../../devkit/op/totp.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { FRESH_S, type LemonldapLab, startLemonldapLab } from './lemonldap-lab.ts'

const ACTION_TIMEOUT_MS = 60_000
const OVERDUE_MS = 1_500_000
let aheadMs = 0
let lab: LemonldapLab
let browser: Browser

before(async () => {
  lab = await startLemonldapLab(() => Date.now() + aheadMs)
  browser = await chromium.launch(CHROMIUM)
})
after(async () => {
  await browser?.close()
  await lab?.close()
})

const at = (path: string) => lab.torhaus.url + path

/** Of a browser that was never here. */
async function newPage(): Promise<Page> {
  aheadMs = 0
  const page = await browser.newPage()
  page.setDefaultTimeout(ACTION_TIMEOUT_MS)
  await page.goto(at('/page'))
  return page
}

async function typePassword(page: Page, name: string): Promise<void> {
  await page.locator('input[name=user]').fill(name)
  await page.locator('input[name=password]').fill(name)
  await page.getByRole('button', { name: 'Connect' }).click()
}

async function typeCode(page: Page): Promise<void> {
  await page.locator('input[name=code]').fill(totp(lab.op.totpSecret, Date.now()))
  await page.getByRole('button', { name: 'Connect' }).click()
}

async function signedIn(): Promise<Page> {
  const page = await newPage()
  await typePassword(page, 'dwho')
  await typeCode(page)
  await page.waitForURL(at('/page'))
  return page
}

test('the password alone is refused, and the page says what is needed', async () => {
  const page = await newPage()
  await typePassword(page, 'rtyler')
  await page.getByRole('heading', { name: 'A second factor is needed' }).waitFor()
  await page.context().close()
})

test('the code after it lets a person in, who is refreshed, also after the portal has changed its key', async () => {
  const page = await signedIn()
  assert.equal(lab.torhaus.account(), 'dwho')
  await lab.op.changeKey()
  aheadMs = OVERDUE_MS
  await page.goto(at('/page'))
  assert.equal(page.url(), at('/page'))
  assert.equal(await metricAt(lab.torhaus.adminUrl, 'torhaus_session_refreshes_total{outcome="refreshed"}'), 1)
  await page.context().close()
  await (await signedIn()).context().close()
})

test('a stricter rule asks for password and code anew', async () => {
  const page = await signedIn()
  await sleep((FRESH_S + 2) * 1000)
  await page.goto(at('/area'))
  await page.locator('button[type=submit]').first().click()
  await typePassword(page, 'dwho')
  await typeCode(page)
  await page.waitForURL(at('/area'))
  await page.context().close()
})

test('signing out here ends at the portal, too', async () => {
  const page = await signedIn()
  await page.goto(at('/.torhaus/sign-out'))
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Accept' }).click()
  // It shows a frame for who has front-channel logout, and waits half a minute for it.
  await page.getByText('Continue').click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await page.goto(at('/page'))
  await page.locator('input[name=password]').waitFor()
  await page.context().close()
})

test('signing out at the portal ends nothing at once, and the session at its next refresh', async () => {
  const page = await signedIn()
  const [frame] = await Promise.all([
    page.waitForResponse(response => response.url().includes('/.torhaus/frontchannel-logout')),
    page.goto(`${lab.op.issuer}/?logout=1`),
  ])
  assert.match(await frame.text(), /Nothing to sign out of/)
  await page.goto(at('/page'))
  assert.equal(page.url(), at('/page'))
  aheadMs = OVERDUE_MS
  await page.goto(at('/page'))
  await page.locator('input[name=password]').waitFor()
  await page.context().close()
})
