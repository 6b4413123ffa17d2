import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

/** It knows the person already, and sends the browser straight back. */
let op: LyingOp
let torhaus: SignInLab
let lab: BrowserLab

before(async () => {
  lab = await startBrowserLab()
  op = await startLyingOp()
  torhaus = await startSignInLab({ issuer: op.issuer })
})
after(async () => {
  await torhaus?.close()
  await op?.close()
  await lab?.close()
})

for (const count of [6, 20])
  test(`${count} tabs that a browser restores at once, without a cookie, all arrive where they wanted`, async () => {
    torhaus.origin.answerWith((request, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<h1>${request.url}</h1>`),
    )
    const browser = await lab.open()
    const tabs = await Promise.all(Array.from({ length: count }, () => browser.newPage()))
    await Promise.all(
      tabs.map(async (tab, index) => {
        const wanted = `${torhaus.url}/page?tab=${index}#item_${index}`
        // A page of ours may go on by itself while the first one loads.
        await tab.goto(wanted).catch(() => undefined)
        await tab.waitForURL(wanted)
        assert.equal(await tab.getByRole('heading', { level: 1 }).textContent(), `/page?tab=${index}`)
      }),
    )
    await browser.close()
  })
