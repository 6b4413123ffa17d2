import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

test('the origin is told in Via through whom the request came (RFC 9110 7.6.3)', async () => {
  await proxy.pass('GET /', ['Via: 1.0 first, 1.1 second (comment)'])
  assert.deepEqual(proxy.origin.requests.at(-1)?.all('Via'), [
    `1.0 first, 1.1 second (comment), 1.1 torhaus-127.0.0.1-${proxy.fixture.port}`,
  ])
})

test('a request that came through here already gets 508 and goes no further', async () => {
  const seen = proxy.origin.requests.length
  for (const via of [
    '1.1 TORHAUS',
    '1.0 other, 2 TORHAUS (somewhere), 1.1 another',
    'HTTP/1.1 TORHAUS',
    ',\t1.1\t TORHAUS,,',
  ])
    for (const name of [`torhaus-127.0.0.1-${proxy.fixture.port}`, `Torhaus-127.0.0.1-${proxy.fixture.port}`]) {
      const response = await proxy.pass('GET /', [`Via: ${via.replace('TORHAUS', name)}`])
      assert.equal(response.status, 508, via)
      assert.equal(response.one('X-Torhaus-Error'), 'loop-detected')
    }
  assert.equal(proxy.origin.requests.length, seen)
})

test('another proxy whose name only begins like ours is no loop', async () => {
  const response = await proxy.pass('GET /', [
    `Via: 1.1 torhaus-127.0.0.1-${proxy.fixture.port}0, 1.1 x.torhaus-127.0.0.1`,
  ])
  assert.equal(response.status, 200)
  const name = `torhaus-127.0.0.1-${proxy.fixture.port}`
  for (const via of [name, `1.1 other ${name}`, `1.1 torhaus-127x0.0.1-${proxy.fixture.port}`, `1.1 (${name})`])
    assert.equal((await proxy.pass('GET /', [`Via: ${via}`])).status, 200, via)
})

test('a proxy in front of itself ends the loop after one round', async () => {
  const port = proxy.fixture.port
  const looping = await startProxy({ configure: configured({}, { url: `http://127.0.0.1:${port}` }) })
  // Two proxies, one behind the other, are no loop.
  assert.equal((await looping.pass('GET /')).status, 200)
  await looping.close()
  // By its address it would be refused at the start; where a name leads, nobody knows then.
  const url = ({ publicUrl }: { publicUrl: string }) => publicUrl.replace('127.0.0.1', 'localhost')
  const self = await startProxy({
    configure: config => ({ ...config, upstream: { ...config.upstream, url: url(config) } }),
  })
  const response = await self.pass('GET /round')
  assert.equal(response.status, 508)
  await self.close()
})
