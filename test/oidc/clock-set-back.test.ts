/** The clock of the machine is set back by an hour while people are signed in. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const [HOUR_MS, MAX_AGE_S] = [3_600_000, 1800]
let lab: SignInLab
let offsetMs = 0

before(async () => {
  lab = await startSignInLab({
    now: () => Date.now() + offsetMs,
    configure: config => ({ ...config, secondFactor: { ...config.secondFactor, maxAgeSeconds: MAX_AGE_S } }),
  })
})
after(() => lab?.close())

async function asked(browser: BrowserClient): Promise<number | string> {
  const answer = await browser.send(`${lab.url}/page`, { fields: { 'Sec-Fetch-Mode': 'cors' } })
  return codeOf(answer) ?? answer.status
}

test('nobody is asked for the second factor again, on pages of the server and our own', async () => {
  const browser = await lab.signedIn()
  offsetMs = -HOUR_MS
  assert.equal(await asked(browser), 200)
  assert.equal((await browser.send(`${lab.url}/.torhaus/`)).status, 200)
})

test('and no second factor becomes younger by it', async () => {
  offsetMs = 0
  const browser = await lab.signedIn()
  offsetMs = MAX_AGE_S * 1000 + 5000
  assert.equal(await asked(browser), 'second-factor-stale')
  // The store knows when it was seen last.
  offsetMs -= HOUR_MS
  assert.equal(await asked(browser), 'second-factor-stale')
})
