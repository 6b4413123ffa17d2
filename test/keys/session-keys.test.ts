import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LogoutLab, startLogoutLab } from '../logout/logout-lab.ts'
import { FIRST_SESSION_KEY, restartWithSessionKeys, writeSessionKey } from './rotation.ts'

/** Past interval and grace: the next request waits for the OP. */
const OVERDUE_S = 1600
const NEW = 'session-key-2'
let lab: LogoutLab
let offsetS = 0

beforeEach(async () => {
  offsetS = 0
  lab = await startLogoutLab({ now: () => Date.now() + offsetS * 1000 })
  await writeSessionKey(lab, NEW)
})
afterEach(() => lab?.close())

const ask = (browser: BrowserClient) => browser.send(`${lab.url}/`)

test('with the new key in front a session from before goes on, its refresh included, and outlives the old key', async () => {
  const browser = await lab.open({ sub: 'ada' })
  await restartWithSessionKeys(lab, NEW, FIRST_SESSION_KEY)
  assert.equal((await ask(browser)).status, 200)
  const { codes } = lab.op.requests
  for (const keys of [[NEW, FIRST_SESSION_KEY], [NEW]]) {
    await restartWithSessionKeys(lab, ...keys)
    const { refreshes } = lab.op.requests
    offsetS += OVERDUE_S
    assert.equal((await ask(browser)).status, 200, keys.join())
    assert.equal(lab.op.requests.refreshes, refreshes + 1, keys.join())
  }
  assert.equal(lab.op.requests.codes, codes, 'nobody signed in anew')
})

test('with the new key behind first, sessions from either order go on in the other: for several machines', async () => {
  await restartWithSessionKeys(lab, FIRST_SESSION_KEY, NEW)
  const early = await lab.open({ sub: 'ada' })
  await restartWithSessionKeys(lab, NEW, FIRST_SESSION_KEY)
  const late = await lab.open({ sub: 'ada' })
  await restartWithSessionKeys(lab, FIRST_SESSION_KEY, NEW)
  const { codes, refreshes } = lab.op.requests
  offsetS += OVERDUE_S
  for (const browser of [early, late]) assert.equal((await ask(browser)).status, 200)
  assert.deepEqual([lab.op.requests.codes, lab.op.requests.refreshes], [codes, refreshes + 2])
})

test('a session whose key was removed too early is nobody any more: the person signs in again', async () => {
  const browser = await lab.open({ sub: 'ada' })
  await restartWithSessionKeys(lab, NEW)
  const { refreshes } = lab.op.requests
  const answer = await ask(browser)
  assert.deepEqual([answer.status, answer.headers.get('x-torhaus-error')], [302, 'session-ended'])
  assert.equal(lab.op.requests.refreshes, refreshes)
  assert.equal((await browser.get(`${lab.url}/`)).status, 200)
})
