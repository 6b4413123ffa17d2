/**
 * Content of somebody unknown that had all arrived before its turn was sent to the server twice; the second answer ended
 * the worker.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { chunked, requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

/** In pieces that are not given back when they are written. */
const inPieces = (content: string) =>
  content.replaceAll(/.{1,2048}/g, piece => chunked(piece).slice(0, -'0\r\n\r\n'.length)) + chunked('')

let asked = 0
for (const bytes of [65_535, 65_536, 65_537, 100_000])
  for (const [framing, encode] of [
    ['a length', (content: string) => [`Content-Length: ${content.length}`, content]],
    ['many chunks', (content: string) => ['Transfer-Encoding: chunked', inPieces(content)]],
  ] as const)
    test(`${bytes} bytes with ${framing} behind another request are sent to the server once`, async () => {
      const finish = Promise.withResolvers<void>()
      proxy.origin.answerWith(async (request, response, received) => {
        if (request.method === 'GET') await finish.promise
        else await new Promise(resolve => request.on('end', resolve))
        response.end(`${request.method} ${received.bytes}`)
      })
      const path = `/once-${++asked}`
      // A token that the server has not accepted before.
      const unknown = `Authorization: Basic ${btoa(`:${'abcdefghijkl'.charAt(asked).repeat(52)}`)}`
      const [field, content] = encode('x'.repeat(bytes)) as [string, string]
      const connection = await proxy.connect()
      connection.send(requestText('GET /first', [proxy.host, patField]))
      connection.send(requestText(`POST ${path}`, [proxy.host, unknown, field], content))
      while ((await proxy.metric('torhaus_pipelined_requests')) === 0) await new Promise(setImmediate)
      finish.resolve()
      assert.equal((await connection.response()).text, 'GET 0')
      assert.equal((await connection.response()).text, `POST ${bytes}`)
      assert.equal((await proxy.pass('GET /after')).text, 'GET 0')
      assert.equal(proxy.origin.requests.filter(({ target }) => target === path).length, 1)
    })
