import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { configured, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
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
    // Of somebody who is not known yet, a connection is not kept where content may still come.
    origin.respondWith(socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    assert.equal((await proxy.pass('GET /before')).status, 200)
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

/** What no recipient could take for one length (RFC 9110 8.6, RFC 9112 6.3). */
const NO_LENGTHS = ['+5', '-1', '0x5', '5, 5', '5, 6', '5 6', '', '5;', '1e3', '9'.repeat(16)]

/** Nor may a length go on from beside a coding, whichever comes first (RFC 9112 6.3). */
const NO_FRAMING = [
  ...NO_LENGTHS.map(length => `Content-Length: ${length}`),
  'Content-Length: 5\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 5',
  'Content-Length: 0\r\nTransfer-Encoding: gzip',
]

for (const [line, status] of [
  ['HEAD /', '200 OK'],
  ['HEAD /', '404 Not Found'],
  ['HEAD /', '304 Not Modified'],
  ['GET /', '304 Not Modified'],
] as const)
  test(`${line} answered ${status} with a length that is none becomes 502, on a connection that is closed`, async () => {
    for (const framing of NO_FRAMING) {
      const closed = Promise.withResolvers<void>()
      origin.respondWith(socket => {
        socket.once('end', closed.resolve)
        socket.write(`HTTP/1.1 ${status}\r\n${framing}\r\n\r\n`)
      })
      const response = await proxy.pass(line)
      assert.deepEqual([response.status, response.one('X-Torhaus-Error')], [502, 'upstream-response-invalid'], framing)
      await closed.promise
    }
  })

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

const tokenField = (character: string) => `Authorization: Basic ${btoa(`:${character.repeat(52)}`)}`
const [KNOWN, ALSO_KNOWN] = ['2', '3'].map(tokenField) as [string, string]
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Responses that say of content that it is not here, and whether the connection may serve somebody else nevertheless. */
const answers: [line: string, head: string, isShared: boolean][] = [
  ['HEAD /', `HTTP/1.1 200 OK\r\nContent-Length: ${SMUGGLED.length}`, false],
  ['HEAD /', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', false],
  ['HEAD /', 'HTTP/1.1 404 Not Found', false],
  ['GET /', `HTTP/1.1 304 Not Modified\r\nContent-Length: ${SMUGGLED.length}`, false],
  ['GET /', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked', false],
  ['HEAD /', 'HTTP/1.1 200 OK\r\nContent-Length: 0', true],
  ['HEAD /', 'HTTP/1.1 304 Not Modified\r\nETag: "x"', true],
  ['GET /', 'HTTP/1.1 304 Not Modified\r\nETag: "x"', true],
]

for (const [line, head, isShared] of answers) {
  const said = head.split('\r\n').slice(0, 2).join(', ')
  const doubt = isShared ? 'serves whoever comes next' : 'serves nobody else, whatever comes late'
  test(`the connection of ${line} answered ${said} ${doubt}`, async () => {
    origin.respondWith(socket => socket.write(OK))
    for (const field of [KNOWN, ALSO_KNOWN]) assert.equal((await proxy.ask('GET /known', [field])).status, 200)
    const used: unknown[] = []
    let late: () => void = () => undefined
    origin.respondWith(socket => {
      used.push(socket)
      socket.write(`${head}\r\n\r\n`)
      late = () => socket.writable && socket.write(SMUGGLED)
    })
    await proxy.ask(line, [KNOWN])
    origin.respondWith(socket => {
      used.push(socket)
      if (!isShared) late()
      socket.write(OK)
    })
    assert.equal((await proxy.ask('GET /next', [ALSO_KNOWN])).text, 'ok')
    assert.equal(used[0] === used[1], isShared)
  })
}

test('who is not known leaves a connection on which content may still come to nobody', async () => {
  const used: unknown[] = []
  origin.respondWith(socket => {
    used.push(socket)
    socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\n')
  })
  for (const _ of [1, 2]) assert.equal((await proxy.ask('HEAD /', [tokenField('4')])).status, 403)
  assert.notEqual(used[0], used[1])
})

test('nor does somebody else get it who waits for a connection', async () => {
  const narrow = await startProxy({ upstreamUrl: origin.url, configure: configured({}, { maxConnections: 1 }) })
  const used: unknown[] = []
  const asked = Promise.withResolvers<(text: string) => void>()
  origin.respondWith(socket => socket.write(OK))
  for (const field of [KNOWN, ALSO_KNOWN]) assert.equal((await narrow.ask('GET /known', [field])).status, 200)
  origin.respondWith((socket, head) => {
    used.push(socket)
    if (head.startsWith('HEAD ')) asked.resolve(text => socket.write(text))
    else socket.write(OK)
  })
  const first = narrow.ask('HEAD /', [KNOWN])
  const answer = await asked.promise
  const second = narrow.ask('GET /next', [ALSO_KNOWN])
  await eventually(async () => (await narrow.metric('torhaus_upstream_queued_requests')) === 1, 'it waits')
  answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
  assert.deepEqual([(await first).status, (await second).text, used[0] === used[1]], [200, 'ok', false])
  await narrow.close()
})
