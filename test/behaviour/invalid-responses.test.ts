import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { configured, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { openRawOriginLab } from './raw-origin-lab.ts'

const { origin, proxy } = await openRawOriginLab()

/** Responses that cannot be read, or could be read in two ways, before their content begins. */
const invalid: Record<string, string> = {
  'no HTTP at all': 'SSH-2.0-OpenSSH\r\n\r\n',
  'a status line of HTTP/2': 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n',
  'a status below 100': 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n',
  'a space before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n',
  'a folded field': 'HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 0\r\n\r\n',
  'a bare LF in a field': 'HTTP/1.1 200 OK\r\nX-One: a\nSet-Cookie: b=c\r\nContent-Length: 0\r\n\r\n',
  'a bare LF at the end of each line': 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok',
  'a bare LF at the end of the status line': 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
  'a bare LF at the end of the head': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok',
  'a bare CR in a field': 'HTTP/1.1 200 OK\r\nX-One: a\rSet-Cookie: b=c\r\nContent-Length: 0\r\n\r\n',
  'a NUL in a field': 'HTTP/1.1 200 OK\r\nX-One: a\0b\r\nContent-Length: 0\r\n\r\n',
  'an invalid field name': 'HTTP/1.1 200 OK\r\nX(One): a\r\nContent-Length: 0\r\n\r\n',
  'Content-Length and chunked': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
  'a length with a sign': 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello',
  'a length that is a list': 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello',
  'a coding that is not chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello',
  'chunked twice': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
  'chunked in HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'an upgrade that nobody asked for': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
  'a head that is too large': `HTTP/1.1 200 OK\r\nX-Large: ${'v'.repeat(140_000)}\r\n\r\n`,
  'more than a thousand fields': `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(1001)}\r\n`,
}

for (const [what, bytes] of Object.entries(invalid)) {
  test(`a response with ${what} becomes 502, and the client's connection goes on`, async () => {
    origin.respondWith(socket => socket.write(Buffer.from(bytes, 'latin1')))
    const connection = await proxy.connect()
    connection.send(requestText('GET /invalid', [proxy.host, patField]))
    const response = await connection.response()
    assert.equal(response.status, 502)
    assert.equal(response.one('X-Torhaus-Error'), 'upstream-response-invalid')
    origin.respondWith(socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    connection.send(requestText('GET /after', [proxy.host, patField]))
    assert.equal((await connection.response()).text, 'ok')
  })
}

test('a head whose lines end with a bare LF is not waited for, however it comes', async () => {
  const after = { 'one byte at a time': 1, 'in pieces': 7, 'split before a line feed': 15 }
  for (const [how, size] of Object.entries(after)) {
    origin.respondWith(async socket => {
      const bytes = 'HTTP/1.1 200 OK\nContent-Length: 2\nX: y'
      for (let at = 0; at < bytes.length && socket.writable; at += size) {
        socket.write(bytes.slice(at, at + size))
        await new Promise(resolve => setImmediate(resolve))
      }
    })
    const response = await proxy.pass('GET /invalid')
    assert.deepEqual([response.status, response.one('X-Torhaus-Error')], [502, 'upstream-response-invalid'], how)
  }
  origin.respondWith(async socket => {
    for (const byte of 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok') {
      socket.write(byte)
      await new Promise(resolve => setImmediate(resolve))
    }
  })
  assert.equal((await proxy.pass('GET /good')).text, 'ok')
})

/** Content that cannot be read, after a good head: the client must see that it is not complete. */
const broken: Record<string, string> = {
  'a chunk longer than its size': '2\r\nok\r\n2\r\nlong\r\n0\r\n\r\n',
  'a chunk size that is no number': '2\r\nok\r\nzz\r\n0\r\n\r\n',
  'a chunk size with a bare LF': '2\r\nok\r\n2\nok\r\n0\r\n\r\n',
  'a chunk extension with a bare CR': '2\r\nok\r\n2;a\rb\r\nok\r\n0\r\n\r\n',
  'a trailer that is no field': '2\r\nok\r\n0\r\nno field\r\n\r\n',
  'a folded trailer': '2\r\nok\r\n0\r\nX: a\r\n b\r\n\r\n',
  'a thousand trailer fields': `2\r\nok\r\n0\r\n${'X: y\r\n'.repeat(1000)}\r\n`,
}
const CHUNKED_HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

for (const [what, content] of Object.entries(broken)) {
  test(`content with ${what} breaks the client's connection off`, async () => {
    const hasHead = Promise.withResolvers<void>()
    origin.respondWith(async socket => {
      socket.write(CHUNKED_HEAD)
      await hasHead.promise
      socket.write(content)
    })
    const connection = await proxy.connect()
    connection.send(requestText('GET /broken', [proxy.host, patField]))
    assert.equal((await connection.head()).status, 200)
    hasHead.resolve()
    assert.doesNotMatch((await connection.rest()).toString(), /\r\n0\r\n\r\n$/)
  })

  test(`content with ${what} in one read with its head becomes 502, and the client's connection goes on`, async () => {
    origin.respondWith(socket => socket.write(CHUNKED_HEAD + content))
    const connection = await proxy.connect()
    connection.send(requestText('GET /broken', [proxy.host, patField]))
    const response = await connection.response()
    assert.deepEqual([response.status, response.one('X-Torhaus-Error')], [502, 'upstream-response-invalid'])
    origin.respondWith(socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    connection.send(requestText('GET /after', [proxy.host, patField]))
    assert.equal((await connection.response()).text, 'ok')
  })
}

test('bytes after a response are not the answer to the request that waits for the connection', async () => {
  const narrow = await startProxy({ upstreamUrl: origin.url, configure: configured({}, { maxConnections: 1 }) })
  origin.respondWith((socket, head) => {
    if (!head.startsWith('GET /waited-for ')) return socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nyours')
    const stolen = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen'
    return setTimeout(() => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine${stolen}`), 100)
  })
  const first = narrow.pass('GET /waited-for')
  while (!origin.heads.some(head => head.startsWith('GET /waited-for ')))
    await new Promise(resolve => setTimeout(resolve, 5))
  const second = narrow.pass('GET /second')
  assert.deepEqual([(await first).text, (await second).text], ['mine', 'yours'])
  await narrow.close()
})

test("bytes after a response are nobody else's answer", async () => {
  const ok = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`
  origin.respondWith(socket => socket.write(ok('mine') + ok('stolen')))
  assert.equal((await proxy.pass('GET /first')).text, 'mine')
  origin.respondWith(socket => socket.write(ok('yours')))
  assert.equal((await proxy.pass('GET /second')).text, 'yours')
})

test("an answer that comes before any request is nobody's", async () => {
  const ok = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`
  origin.respondWith(socket => {
    socket.write(ok('mine'))
    setImmediate(() => socket.write(ok('stolen')))
  })
  assert.equal((await proxy.pass('GET /first')).text, 'mine')
  origin.respondWith(socket => socket.write(ok('yours')))
  assert.notEqual((await proxy.pass('GET /second')).text, 'stolen')
})

test('connections on which something came that answers no request are counted', async () => {
  const count = () => proxy.metric('torhaus_upstream_unasked_connections_total')
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  const ways: Record<string, (socket: Socket) => unknown> = {
    'a second answer': socket => socket.write(ok + ok),
    'longer content': socket => socket.write(`${ok}\r\n`),
    'a word before it closes': socket => socket.write(ok, () => setTimeout(() => socket.end(TIMED_OUT), 20)),
  }
  for (const [what, respond] of Object.entries(ways)) {
    const before = await count()
    origin.respondWith(respond)
    assert.equal((await proxy.pass('GET /')).text, 'ok')
    await eventually(async () => (await count()) > before, what)
  }
  const before = await count()
  origin.respondWith(socket => socket.end(ok))
  assert.equal((await proxy.pass('GET /')).text, 'ok')
  assert.equal(await count(), before)
})

const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
