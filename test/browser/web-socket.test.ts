/** WebSockets that a real browser opens. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { startTunnelLab, type TunnelLab } from '../../devkit/torhaus/tunnel-lab.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

let browsers: BrowserLab
let lab: TunnelLab

before(async () => {
  browsers = await startBrowserLab()
  lab = await startTunnelLab()
})
after(async () => {
  await lab?.close()
  await browsers?.close()
})

async function signedInPage(): Promise<Page> {
  const page = await (await browsers.open()).newPage()
  await page.goto(`${lab.url}/home`)
  await signInAs(page, lab.users.ada)
  await page.waitForURL(`${lab.url}/home`)
  return page
}

/**
 * Opens a WebSocket and says hello; resolves with the echo, or `closed` and the code. The socket stays at
 * `window.kept`.
 */
const hello = (page: Page, path: string) =>
  page.evaluate(`new Promise(resolve => {
    window.kept = new WebSocket('ws://127.0.0.1:${lab.port}${path}')
    kept.onopen = () => kept.send('hello')
    kept.onmessage = ({ data }) => resolve(data)
    kept.onclose = ({ code }) => resolve('closed ' + code)
  })`)

test('a page with a session speaks through a WebSocket until the person signs out elsewhere', async () => {
  const page = await signedInPage()
  assert.equal(await hello(page, '/by-page'), 'hello')
  const { request } = await lab.origin.arrived('/by-page')
  assert.equal(request.headers['x-account'], 'ada')
  const closed = page.evaluate(`new Promise(resolve => { kept.onclose = ({ code }) => resolve(code) })`)
  const other = await page.context().newPage()
  await other.goto(`${lab.url}/.torhaus/sign-out`)
  await other.getByRole('button', { name: 'Sign out' }).click()
  assert.equal(await closed, 1006)
  assert.equal(await hello(page, '/after'), 'closed 1006')
  assert.ok(lab.origin.handshakes.every(handshake => handshake.request.url !== '/after'))
  await page.context().close()
})

test('a page of another origin cannot use the session, although the browser sends the cookie along', async () => {
  const page = await signedInPage()
  // Cookies do not know ports (RFC 6265 8.5), so this host gets them as well.
  await page.goto(`${lab.origin.url}/elsewhere`)
  assert.equal(await hello(page, '/hijacked'), 'closed 1006')
  const record = await lab.record('/hijacked')
  assert.deepEqual([record['torhaus.code'], record['torhaus.scheme']], ['cross-site-request', 'session'])
  await page.context().close()
})
