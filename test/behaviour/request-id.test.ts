import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let untrusting: ProxyUnderTest
let trusting: ProxyUnderTest
before(async () => {
  untrusting = await startProxy()
  trusting = await startProxy({ configure: configured({ trustedProxies: ['127.0.0.1'] }) })
})
after(async () => {
  await untrusting.close()
  await trusting.close()
})

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

test('a request gets an id, which client, origin and log all see', async () => {
  const response = await untrusting.pass('GET /')
  const id = response.one('X-Request-Id') ?? ''
  assert.match(id, uuid)
  assert.deepEqual(untrusting.origin.requests.at(-1)?.all('X-Request-Id'), [id])
  assert.equal((await untrusting.record(response))['url.path'], '/')
})

test('an id from a peer that is not listed is not taken over', async () => {
  const response = await untrusting.pass('GET /', ['X-Request-Id: chosen-by-the-client'])
  assert.match(response.one('X-Request-Id') ?? '', uuid)
  assert.equal(untrusting.origin.requests.at(-1)?.all('X-Request-Id').includes('chosen-by-the-client'), false)
})

test('a well-formed id from a listed peer is taken over', async () => {
  const response = await trusting.pass('GET /', ['X-Request-Id: abc_DEF-0123='])
  assert.equal(response.one('X-Request-Id'), 'abc_DEF-0123=')
  assert.deepEqual(trusting.origin.requests.at(-1)?.all('X-Request-Id'), ['abc_DEF-0123='])
})

for (const id of [
  'short',
  'x'.repeat(65),
  'with space',
  'quote"quote',
  'a,b,c,d,e',
  '{"json":1}',
  '<script>x</script>',
]) {
  test(`the id ${JSON.stringify(id.slice(0, 20))} is not taken over, not even from a listed peer`, async () => {
    const response = await trusting.pass('GET /', [`X-Request-Id: ${id}`])
    assert.match(response.one('X-Request-Id') ?? '', uuid)
  })
}

test('two ids are none', async () => {
  const response = await trusting.pass('GET /', ['X-Request-Id: first-of-two', 'X-Request-Id: second-of-two'])
  assert.match(response.one('X-Request-Id') ?? '', uuid)
})

test('an id that the origin answers with does not take the place of ours', async () => {
  untrusting.origin.answerWith((_, response) => response.writeHead(200, { 'X-Request-Id': 'of-the-origin' }).end())
  assert.match((await untrusting.pass('GET /')).one('X-Request-Id') ?? '', uuid)
})

test('refusals carry the id, in field and content', async () => {
  const response = await untrusting.ask('GET /')
  assert.equal(response.status, 401)
  assert.equal(JSON.parse(response.text).requestId, response.one('X-Request-Id'))
})
