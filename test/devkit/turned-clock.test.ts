import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { startTorhausFixture } from '../../devkit/torhaus/torhaus-fixture.ts'

/** Longer than Torhaus takes between two looks at idle connections. */
const BUSY_MS = 1200

test('a clock that is turned closes no connection under the request that follows', async () => {
  let offsetMs = 0
  await using opened = new AsyncDisposableStack()
  const fixture = await startTorhausFixture({ now: () => Date.now() + offsetMs, upstreamUrl: 'http://127.0.0.1:9' })
  opened.defer(() => fixture.close())
  const browser = new BrowserClient()
  await browser.send(`${fixture.url}/`)
  offsetMs += 3_600_000
  const answer = browser.send(`${fixture.url}/`)
  const busyUntil = Date.now() + BUSY_MS
  while (Date.now() < busyUntil);
  assert.equal((await answer).status, 302)
})
