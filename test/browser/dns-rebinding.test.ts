/** A name of an attacker that leads to our address: to the browser its page is of the same origin as what we serve. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chromium } from 'playwright-core'
import { CHROMIUM } from '../../devkit/clients/chromium.ts'
import { configured, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const REBOUND = 'rebound.example'

/** What is for anybody of the inner network, and for nobody outside. */
const OPEN = { name: 'open', reason: 'for everybody in the house', require: 'nothing', when: { path: '/.*' } }

test('under a name that leads to our address a page reads nothing and reaches nobody', async () => {
  const proxy = await startProxy({
    configure: config => ({
      ...configured()(config),
      secondFactor: { ...config.secondFactor, rules: [OPEN] },
    }),
  })
  const args = [...CHROMIUM.args, `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`]
  const browser = await chromium.launch({ ...CHROMIUM, args })
  try {
    const page = await browser.newPage()
    const { port } = proxy.fixture
    assert.equal((await page.goto(`http://127.0.0.1:${port}/inside`))?.status(), 200)
    assert.equal((await page.goto(`http://${REBOUND}:${port}/inside`))?.status(), 421)
    const asked = await page.evaluate(`(async () => {
      const { status } = await fetch('/inside/changed', { method: 'POST' })
      const opened = await new Promise(resolve => {
        const socket = new WebSocket('ws://' + location.host + '/inside/socket')
        socket.onopen = () => resolve('opened')
        socket.onclose = () => resolve('closed')
      })
      return [status, opened]
    })()`)
    assert.deepEqual(asked, [421, 'closed'])
    const inside = proxy.origin.requests.filter(({ target }) => target.startsWith('/inside'))
    assert.deepEqual(
      inside.map(({ target }) => target),
      ['/inside'],
    )
  } finally {
    await browser.close()
    await proxy.close()
  }
})
