import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

test('OPTIONS counts Max-Forwards down (RFC 9110 7.6.2)', async () => {
  await proxy.pass('OPTIONS /', ['Max-Forwards: 10'])
  assert.deepEqual(proxy.origin.requests.at(-1)?.all('Max-Forwards'), ['9'])
  await proxy.pass('OPTIONS /', ['Max-Forwards: 1'])
  assert.deepEqual(proxy.origin.requests.at(-1)?.all('Max-Forwards'), ['0'])
})

test('OPTIONS with Max-Forwards: 0 is answered here', async () => {
  const seen = proxy.origin.requests.length
  for (const target of ['/', '*']) {
    const response = await proxy.pass(`OPTIONS ${target}`, ['Max-Forwards: 0'])
    assert.equal(response.status, 200)
    assert.match(response.one('Allow') ?? '', /GET.*OPTIONS/)
    assert.equal((await proxy.record(response))['torhaus.outcome'], 'answered')
  }
  assert.equal(proxy.origin.requests.length, seen)
})

test('OPTIONS with Max-Forwards: 0 does not help to get around the sign-in', async () => {
  assert.equal((await proxy.ask('OPTIONS /', ['Max-Forwards: 0'])).status, 401)
})

test('what is no number is not passed on, and other methods do not count', async () => {
  for (const value of ['x', '-1', '1.5', '', '99999999999999999999']) {
    await proxy.pass('OPTIONS /', [`Max-Forwards: ${value}`])
    assert.deepEqual(proxy.origin.requests.at(-1)?.all('Max-Forwards'), [], value)
  }
  assert.equal((await proxy.pass('GET /', ['Max-Forwards: 0'])).status, 200)
})
