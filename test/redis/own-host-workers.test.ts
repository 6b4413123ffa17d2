/** Two workers and two hosts, on either store: each request of a sign-in may be answered by another worker. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { PlainSetting } from '../../devkit/attack/settings.ts'
import { type StartedTarget, startTarget } from '../../devkit/attack/target.ts'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { signIn } from '../../devkit/op/user-agent.ts'

const ROOT = join(import.meta.dirname, '../..')
const BROWSERS = 6

const twoWorkers: PlainSetting['configure'] = usual => ({ ...usual, listener: { ...usual.listener, workers: 2 } })
const SETTINGS: Readonly<Record<string, PlainSetting>> = {
  SQLite: { configure: twoWorkers, ownHost: true },
  Redis: { configure: twoWorkers, ownHost: true, redis: true },
}

async function signedIn({ publicUrl, ada }: StartedTarget): Promise<BrowserClient> {
  const browser = new BrowserClient()
  const page = await signIn(browser, `${publicUrl}/page`, ada)
  assert.deepEqual([page.status, page.url], [200, `${publicUrl}/page`])
  return browser
}

const isIn = async (browser: BrowserClient, publicUrl: string) =>
  (await browser.send(`${publicUrl}/page`)).status === 200

for (const [store, setting] of Object.entries(SETTINGS)) {
  describe(store, () => {
    test('sign-ins are handed over between hosts by whichever worker, and sign-out ends them at both', async () => {
      const target = await startTarget(ROOT, setting)
      try {
        const { publicUrl } = target
        const pagesUrl = `http://localhost:${target.port}`
        const browsers: BrowserClient[] = []
        for (let number = 0; number < BROWSERS; number++) browsers.push(await signedIn(target))
        for (const browser of browsers) {
          assert.equal((await browser.get(`${publicUrl}/.torhaus/`)).url, `${pagesUrl}/.torhaus/`)
          const kept = new Map(browser.cookies)
          const page = await browser.get(`${publicUrl}/.torhaus/sign-out`)
          const [, action = ''] = /action="([^"]*)"/.exec(page.text) ?? []
          await browser.post(new URL(action, page.url).href, {}, next => next.startsWith(target.op.issuer))
          for (const [name, cookie] of kept) browser.cookies.set(name, cookie)
          assert.equal(await isIn(browser, publicUrl), false)
          assert.equal((await browser.send(`${pagesUrl}/.torhaus/`)).status, 303)
        }
      } finally {
        await target.close()
      }
    })
  })
}
