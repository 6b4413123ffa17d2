/** What pages of other origins make a browser send: with what it adds by itself, nothing of it changes anything. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HANDSHAKE_FIELDS } from '../../devkit/clients/handshake-fields.ts'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { basic, configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const EVIL = 'Origin: https://evil.example'
const rules = [{ name: 'open', reason: 'a test', require: 'nothing', when: { path: '/open' } }]

let proxy: ProxyUnderTest
let partnered: ProxyUnderTest
before(async () => {
  const withRules = (more: object) => (config: Parameters<ReturnType<typeof configured>>[0]) => ({
    ...configured()(config),
    secondFactor: { ...config.secondFactor, rules },
    credentials: { ...config.credentials, ...more },
  })
  proxy = await startProxy({ configure: withRules({}) })
  partnered = await startProxy({ configure: withRules({ allowedOrigins: ['https://Partner.example:443'] }) })
})
after(async () => {
  await proxy.close()
  await partnered.close()
})

/** Browsers add these without being asked by the page. */
const ambient: Readonly<Record<string, readonly string[]>> = {
  'a password or token that it remembers': [patField],
  'a password': [basic('ada', 'correct horse')],
  'a ticket': ['Authorization: Negotiate YIIabc'],
  'a session': [`Cookie: torhaus=${'A'.repeat(43)}`],
  'a cookie of the server': ['Cookie: FedAuth=abc'],
  'nothing but its place in the network': [],
}

for (const [what, fields] of Object.entries(ambient)) {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    test(`${method} of a foreign page with ${what} gets 403 and reaches nobody`, async () => {
      for (const origin of [[EVIL], ['Origin: null'], ['Sec-Fetch-Site: cross-site'], ['Sec-Fetch-Site: same-site']]) {
        const response = await proxy.ask(`${method} /open`, [...fields, ...origin, 'Content-Length: 0'])
        assert.deepEqual(
          [response.status, response.one('X-Torhaus-Error')],
          [403, 'cross-site-request'],
          String(origin),
        )
      }
      assert.deepEqual(proxy.origin.requests, [])
    })
  }

  test(`a handshake of a foreign page with ${what} gets 403 and reaches nobody`, async () => {
    const response = await proxy.ask('GET /open', [...fields, EVIL, ...HANDSHAKE_FIELDS])
    assert.equal(response.one('X-Torhaus-Error'), 'cross-site-request')
    assert.deepEqual(proxy.origin.requests, [])
  })
}

const passed = async (on: ProxyUnderTest, ...fields: string[]) =>
  (await on.pass('POST /x', [...fields, 'Content-Length: 0'])).status

test('a page that hides its origin is of the same origin where the browser says so', async () => {
  assert.equal(await passed(proxy, 'Origin: null', 'Sec-Fetch-Site: same-origin'), 200)
  assert.equal(await passed(proxy, 'Origin: null', 'Sec-Fetch-Site: none'), 403)
})

test('an Origin that is named counts, whatever Sec-Fetch-Site says', async () => {
  assert.equal(await passed(proxy, EVIL, 'Sec-Fetch-Site: same-origin'), 403)
  assert.equal(await passed(proxy, `Origin: ${proxy.fixture.url}`, 'Sec-Fetch-Site: same-origin'), 200)
})

test('what a person typed, and programs that are no browsers, are no page', async () => {
  assert.equal(await passed(proxy, 'Sec-Fetch-Site: none'), 200)
  assert.equal(await passed(proxy), 200)
})

test('a Bearer token is sent on purpose, from wherever', async () => {
  const response = await proxy.ask('POST /x', [proxy.bearerField, EVIL, 'Content-Length: 0'])
  assert.equal(response.status, 200)
})

test('a foreign page may look, as far as browsers let it', async () => {
  assert.equal((await proxy.pass('GET /x', [EVIL])).status, 200)
})

test('pages of a configured origin may change things, and no others', async () => {
  assert.equal(await passed(partnered, 'Origin: https://partner.example', 'Sec-Fetch-Site: cross-site'), 200)
  assert.equal(await passed(partnered, 'Origin: https://partner.example.evil.example'), 403)
  assert.equal(await passed(partnered, 'Origin: http://partner.example'), 403)
})

test('pages under a further name of ours may change things under that name, and nowhere else', async () => {
  const aliased = await startProxy({ configure: configured({ hostNames: ['devops', 'tfs'] }) })
  const { port } = aliased.fixture
  const sent = async (host: string, origin: string) => {
    const connection = await aliased.connect()
    connection.send(requestText('POST /x', [`Host: ${host}`, `Origin: ${origin}`, patField, 'Content-Length: 0']))
    return (await connection.response()).status
  }
  try {
    assert.equal(await sent(`devops:${port}`, `http://devops:${port}`), 200)
    for (const [host, origin] of [
      [`devops:${port}`, `http://tfs:${port}`],
      [`devops:${port}`, `https://devops:${port}`],
      [`devops:${port}`, 'http://devops'],
      [`127.0.0.1:${port}`, `http://devops:${port}`],
      [`devops:${port}`, 'null'],
    ] as const)
      assert.equal(await sent(host, origin), 403, `${host} ${origin}`)
    assert.equal(await sent(`evil.example:${port}`, `http://evil.example:${port}`), 421)
  } finally {
    await aliased.close()
  }
})
