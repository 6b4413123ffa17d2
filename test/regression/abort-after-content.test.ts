/** Fastify's `request.signal` fires once the content has been read, which says nothing about the client. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const upload = () => requestText('POST /upload', [proxy.host, patField, 'Content-Length: 5'], 'hello')

test('an origin that takes its time after the content is waited for', async () => {
  proxy.origin.answerWith((request, response) => request.on('end', () => setTimeout(() => response.end('done'), 100)))
  const connection = await proxy.connect()
  connection.send(upload())
  assert.equal((await connection.response()).text, 'done')
})

test('a client that goes away after its content, and before the answer, ends the request at the origin', async () => {
  const closed = Promise.withResolvers<void>()
  const received = Promise.withResolvers<void>()
  proxy.origin.answerWith(request => {
    request.on('end', received.resolve)
    request.socket.on('close', closed.resolve)
  })
  const connection = await proxy.connect()
  connection.send(upload())
  await received.promise
  connection.close()
  await closed.promise
  const record = await proxy.fixture.logged(entry => entry['torhaus.outcome'] === 'aborted')
  assert.equal(record['http.request.body.bytes'], 5)
})
