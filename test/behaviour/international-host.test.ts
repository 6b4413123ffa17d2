/** A host name with other letters than those of ASCII (RFC 5890) is written as it stands, and sent as DNS has it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const ORIGIN = 'http://xn--b1add1bfm.example'

let proxy: ProxyUnderTest
before(async () => {
  const named = { publicUrl: 'http://девопс.example/', allowPlainHttp: true }
  proxy = await startProxy({ configure: configured({ hostNames: ['127.0.0.1'] }, {}, named) })
})
after(() => proxy?.close())

test('who shows nothing is challenged with the public URL as DNS has it for a realm', async () => {
  const response = await proxy.ask('GET /x')
  assert.equal(response.status, 401)
  assert.deepEqual(response.all('WWW-Authenticate'), [`Bearer realm="${ORIGIN}"`, `Basic realm="${ORIGIN}"`])
})

test('a browser is led to it, and the server is told it', async () => {
  const browser = ['Accept: text/html', 'User-Agent: Mozilla/5.0']
  const led = await proxy.ask('GET /x', browser)
  assert.deepEqual([led.status, led.one('Location')], [302, `${ORIGIN}/.torhaus/sign-in?return_to=%2Fx`])
  assert.equal((await proxy.ask('GET /x', [patField])).status, 200)
  const hosts = proxy.origin.requests[0]?.fields.filter(([name]) => name === 'Host')
  assert.deepEqual(hosts, [['Host', 'xn--b1add1bfm.example']])
})
