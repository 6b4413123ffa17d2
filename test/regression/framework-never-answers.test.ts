/** Fastify looks at content types, and answers for itself, unless everything is taken over before. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

for (const type of [
  'nonsense',
  ';;;',
  'text',
  'application/json; charset',
  'multipart/form-data',
  '',
  'a/b/c',
  'application/json',
]) {
  test(`content of the type ${JSON.stringify(type)} reaches the origin as it is`, async () => {
    const response = await proxy.pass('POST /typed', [`Content-Type: ${type}`, 'Content-Length: 9'], '{"broken"')
    assert.equal(response.status, 200)
    const received = proxy.origin.requests.at(-1)
    assert.deepEqual([received?.all('Content-Type'), received?.text], [[type], '{"broken"'])
  })
}

test('a method that Fastify wants a content type for passes without one', async () => {
  assert.equal((await proxy.pass('QUERY /typed')).status, 200)
})

test('content with a length above what Fastify would parse passes', async () => {
  const response = await proxy.pass(
    'POST /large',
    ['Content-Type: application/json', 'Content-Length: 2000000'],
    ' '.repeat(2_000_000),
  )
  assert.equal(response.status, 200)
  assert.equal(proxy.origin.requests.at(-1)?.bytes, 2_000_000)
})

test('a path as long as the request head may be passes', async () => {
  const target = `/${'a'.repeat(60_000)}`
  proxy.origin.answerWith((_, response) => response.end('ok'))
  const response = await proxy.pass(`GET ${target.slice(0, 15_000)}`)
  assert.equal(response.status, 200)
})

test('no answer is in the words of Fastify', async () => {
  const lines = [
    'GET /%zz',
    'GET /.torhaus/none',
    'POST /.torhaus/callback',
    'PUT /.torhaus',
    'OPTIONS *',
    'GET /a%2',
    'TRACE /',
  ]
  for (const line of lines) {
    const response = await proxy.ask(line, ['Content-Type: ;;;'])
    assert.doesNotMatch(response.text, /FST_|statusCode/, line)
    assert.ok(response.one('X-Torhaus-Error'), line)
  }
})
