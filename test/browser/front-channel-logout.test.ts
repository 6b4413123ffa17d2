/**
 * The frame of OIDC Front-Channel Logout in a real browser: framed by the OP it is shown, and it works without the
 * cookie.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type LogoutLab, startLogoutLab } from '../logout/logout-lab.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

let lab: LogoutLab
let another: LyingOp
let browsers: BrowserLab

before(async () => {
  lab = await startLogoutLab({
    configure: config => ({ ...config, oidc: { ...config.oidc, frontChannelLogout: true } }),
  })
  another = await startLyingOp()
  browsers = await startBrowserLab()
})
after(async () => {
  await browsers?.close()
  await another?.close()
  await lab?.close()
})

/** What is to be read in a frame with our page, on the page of that OP. */
async function readFrame(page: Page, op: LyingOp, sid: string): Promise<string> {
  const frame = `${lab.url}/.torhaus/frontchannel-logout?${new URLSearchParams({ iss: lab.op.issuer, sid })}`
  await page.goto(`${op.issuer}/leave?${new URLSearchParams({ frame })}`)
  return page.frameLocator('iframe').locator('body').innerText()
}

test('framed by the OP the page is shown and the session ends; framed by another site it is not shown', async () => {
  const tellSid = (sid: string) => lab.op.tell(({ sign, header, claims }) => sign(header, { ...claims, sid }))
  tellSid('sid-of-chromium')
  const page = await (await browsers.open()).newPage()
  await page.goto(`${lab.url}/`)
  const { codes } = lab.op.requests
  await page.goto(`${lab.url}/`)
  assert.equal(lab.op.requests.codes, codes, 'has a session')
  assert.match(await readFrame(page, lab.op, 'sid-of-chromium'), /You are signed out/)
  assert.equal(lab.audited('front-channel-logout')[0]?.['torhaus.sessions'], 1)
  tellSid('the next one')
  await page.goto(`${lab.url}/`)
  assert.equal(lab.op.requests.codes, codes + 1, 'signed in anew')
  assert.doesNotMatch(await readFrame(page, another, 'another'), /You are signed out/)
})
