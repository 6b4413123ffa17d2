import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, SESSION_COOKIE, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

test('an OP without an endpoint for sign-out, or one that is gone: still signed out here', async () => {
  const op = await startLyingOp()
  const lab = await startSignInLab({ issuer: op.issuer })
  try {
    for (const isGone of [false, true]) {
      const browser = new BrowserClient()
      await browser.get(`${lab.url}/`)
      const id = browser.cookies.get(SESSION_COOKIE)?.value ?? ''
      if (isGone) await op.close()
      const fields = { Origin: lab.url }
      const answer = await browser.send(`${lab.url}/.torhaus/sign-out`, { method: 'POST', fields })
      assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/.torhaus/signed-out'])
      assert.equal(browser.cookies.has(SESSION_COOKIE), false)
      browser.plant(SESSION_COOKIE, id)
      assert.equal(codeOf(await browser.send(`${lab.url}/`)), 'session-ended')
    }
  } finally {
    await lab.close()
    await op.close()
  }
})

test('with an OP that was never reached, sign-in is refused with 503 and sign-out still works', async () => {
  const op = await startLyingOp()
  await op.close()
  const lab = await startSignInLab({ issuer: op.issuer })
  try {
    const browser = new BrowserClient()
    const refused = await browser.get(`${lab.url}/`)
    assert.deepEqual([refused.status, codeOf(refused)], [503, 'op-unreachable'])
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    const answer = await browser.send(`${lab.url}/.torhaus/sign-out`, { method: 'POST', fields: { Origin: lab.url } })
    assert.equal(answer.headers.get('location'), '/.torhaus/signed-out')
  } finally {
    await lab.close()
  }
})
