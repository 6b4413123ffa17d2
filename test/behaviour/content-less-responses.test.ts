import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { openRawOriginLab } from './raw-origin-lab.ts'

const { origin, proxy } = await openRawOriginLab()

/** Heads of responses that have no content whatever their fields say (RFC 9112 6.3), and the request they answer. */
const heads: [line: string, head: string][] = [
  ['HEAD /', 'HTTP/1.1 200 OK\r\nContent-Length: 1000'],
  ['HEAD /', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked'],
  ['HEAD /', 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 10'],
  ['GET /', 'HTTP/1.1 204 No Content'],
  ['GET /', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: "x"'],
  ['GET /', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked'],
  ['DELETE /', 'HTTP/1.1 204 No Content'],
]

for (const [line, head] of heads) {
  test(`${line} answered ${head.split('\r\n').slice(0, 2).join(', ')} keeps both connections in step`, async () => {
    const before = origin.connections
    origin.respondWith(socket => socket.write(`${head}\r\n\r\n`))
    const connection = await proxy.connect()
    for (const round of [1, 2]) {
      connection.send(requestText(line, [proxy.host, patField]))
      const response = await connection.response({ toHead: line.startsWith('HEAD') })
      assert.equal(response.statusLine, head.split('\r\n')[0], `round ${round}`)
      assert.equal(response.content.length, 0)
    }
    origin.respondWith(socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    connection.send(requestText('GET /next', [proxy.host, patField]))
    assert.equal((await connection.response()).text, 'ok')
    assert.ok(origin.connections - before <= 1, 'a connection to the origin was not used again')
  })
}

test('a HEAD response tells the length of what GET would have', async () => {
  origin.respondWith(socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'))
  assert.equal((await proxy.pass('HEAD /')).one('Content-Length'), '1000')
})

test('refusals of HEAD have fields and no content', async () => {
  const connection = await proxy.connect()
  connection.send(requestText('HEAD /', [proxy.host]))
  connection.send(requestText('HEAD /', [proxy.host]))
  for (const round of [1, 2]) {
    const response = await connection.response({ toHead: true })
    assert.equal(response.status, 401, `round ${round}`)
    assert.ok(response.all('WWW-Authenticate').length > 0)
  }
})

const SMUGGLED = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen'

for (const framing of [`Content-Length: ${SMUGGLED.length}`, 'Transfer-Encoding: chunked']) {
  test(`content that a 204 with ${framing.split(':')[0]} has, and that comes later, is nobody else's answer`, async () => {
    const head = `HTTP/1.1 204 No Content\r\n${framing}\r\n\r\n`
    let late: () => void = () => undefined
    origin.respondWith(socket => {
      socket.write(head)
      late = () => socket.writable && socket.write(SMUGGLED)
    })
    assert.equal((await proxy.pass('DELETE /odd')).status, 204)
    origin.respondWith(socket => {
      late()
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    assert.equal((await proxy.pass('GET /next')).text, 'ok')
  })
}
