/** A stock forwarder repeated a GET that was answered 503 ten times. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

for (const status of [500, 502, 503, 504, 429, 421, 408]) {
  test(`an answer ${status} is passed on as it is, once`, async () => {
    proxy.origin.answerWith((_, response) => response.writeHead(status, { 'Retry-After': '7' }).end('busy'))
    const seen = proxy.origin.requests.length
    const response = await proxy.pass('GET /')
    assert.deepEqual([response.status, response.one('Retry-After'), response.text], [status, '7', 'busy'])
    assert.equal(response.one('X-Torhaus-Error'), undefined)
    assert.equal(proxy.origin.requests.length - seen, 1)
  })
}
