/** A value that would begin another field stops the request, wherever it comes from. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { startLogoutLab } from '../logout/logout-lab.ts'

test('an account with a line end reaches nobody, and nothing is forwarded', async () => {
  const lab = await startLogoutLab({
    configure: config => ({ ...config, account: { template: '{preferred_username}' } }),
  })
  try {
    for (const name of ['ada\r\nX-Evil: 1', 'ada\nX-Evil: 1', 'ada\u0000', 'ada\u007f']) {
      const browser: BrowserClient = await lab.open({ sub: name, name })
      const seen = lab.origin.requests.length
      const answer = await browser.send(`${lab.url}/`)
      assert.notEqual(answer.status, 200, JSON.stringify(name))
      assert.equal(lab.origin.requests.length, seen, name)
    }
  } finally {
    await lab.close()
  }
})
