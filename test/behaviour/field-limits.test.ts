import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const lines = (count: number, size = 1) =>
  Array.from({ length: count }, (_, index) => `X-${index}: ${'v'.repeat(size)}`)

test('a request with more field lines than allowed gets 431 and reaches nobody', async () => {
  const response = await proxy.pass('GET /many', lines(199))
  assert.equal(response.status, 431)
  assert.equal(response.one('X-Torhaus-Error'), 'too-many-fields')
  assert.equal(proxy.origin.requests.length, 0)
})

test('fields past 2,000 do not vanish while they still frame the content (CVE-2026-58044)', async () => {
  const response = await proxy.pass('POST /many', [...lines(2100), 'Content-Length: 5'], 'hello')
  assert.equal(response.status, 431)
  assert.equal(proxy.origin.requests.length, 0)
})

test('as many field lines as allowed all reach the origin', async () => {
  const response = await proxy.pass('GET /just-enough', lines(198))
  assert.equal(response.status, 200)
  const received = proxy.origin.requests.at(-1)
  assert.equal(received?.fields.filter(([name]) => /^X-\d+$/.test(name)).length, 198)
})

test('a request head above the limit gets 431, and the connection is closed', async () => {
  const connection = await proxy.connect()
  connection.send(`GET /large HTTP/1.1\r\n${proxy.host}\r\nX-Large: ${'v'.repeat(140_000)}\r\n\r\n`)
  const response = await connection.response()
  assert.equal(response.status, 431)
  assert.equal(response.one('X-Torhaus-Error'), 'request-head-too-large')
  assert.equal((await connection.rest()).length, 0)
})

test('a Negotiate token of 64 KiB is read and answered as such, not with 431', async () => {
  const response = await proxy.ask('GET /', [`Authorization: Negotiate ${'YIIB'.repeat(16 * 1024)}`])
  assert.equal(response.status, 401)
  assert.equal(response.one('X-Torhaus-Error'), 'negotiate-unavailable')
})

test('a large field passes to the origin whole', async () => {
  const value = 'v'.repeat(60_000)
  proxy.origin.answerWith((_, response, received) => response.end(String(received.all('X-Large')[0]?.length)))
  const response = await proxy.pass('GET /', [`X-Large: ${value.slice(0, 12_000)}`])
  assert.equal(response.text, '12000')
})
