import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { chunked, requestText } from '../../devkit/clients/raw-http.ts'
import { type RawOrigin, startRawOrigin } from '../../devkit/origin/raw-origin.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let origin: RawOrigin
let proxy: ProxyUnderTest
let toNode: ProxyUnderTest
before(async () => {
  origin = await startRawOrigin()
  proxy = await startProxy({ upstreamUrl: origin.url })
  toNode = await startProxy()
})
after(async () => {
  await proxy.close()
  await toNode.close()
  await origin.close()
})

test('trailers of a response reach the client', async () => {
  const head = 'HTTP/1.1 200 OK\r\nTrailer: X-Checksum\r\nTransfer-Encoding: chunked\r\n\r\n'
  origin.respondWith(socket => socket.write(head + chunked('content', ['X-Checksum: abc', 'X-Other: def'])))
  const response = await proxy.pass('GET /', ['TE: trailers'])
  assert.equal(response.text, 'content')
  assert.deepEqual(response.trailers, [
    ['X-Checksum', 'abc'],
    ['X-Other', 'def'],
  ])
})

test('trailers obey the rules of fields: nothing hop-by-hop, nothing of ours, no framing', async () => {
  const trailers = ['X-Checksum: abc', 'Connection: close', 'Transfer-Encoding: chunked', 'Content-Length: 7']
  const sent = [...trailers, 'Set-Cookie: torhaus=planted', 'X-Request-Id: of-the-origin', 'Alt-Svc: h3=":443"']
  origin.respondWith(socket =>
    socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('content', sent)}`),
  )
  assert.deepEqual((await proxy.pass('GET /')).trailers, [['X-Checksum', 'abc']])
})

test('trailers of a request reach the origin, without what must not pass', async () => {
  let trailers: NodeJS.Dict<string> = {}
  toNode.origin.answerWith((request, response) => {
    request.on('end', () => {
      trailers = request.trailers
      response.end()
    })
  })
  const sent = [
    'X-Checksum: abc',
    'X-Remote-Account: root',
    'X_Remote_Account: root',
    'Host: x',
    'Via: x',
    'Authorization: x',
  ]
  const connection = await toNode.connect()
  connection.send(
    requestText('POST /', [toNode.host, patField, 'Transfer-Encoding: chunked'], chunked('content', sent)),
  )
  assert.equal((await connection.response()).status, 200)
  assert.deepEqual({ ...trailers }, { 'x-checksum': 'abc' })
})

/** Each would be taken for a field of the head by whoever joins the two (CVE-2013-5704). */
const OF_REQUESTS = [
  ...['Content-Type: application/x-www-form-urlencoded', 'Content_Type: text/plain', 'Content-Encoding: gzip'],
  ...['Content-Range: bytes 0-1/2', 'Range: bytes=0-1', 'If-Match: *', 'Origin: https://evil.example', 'Accept: */*'],
  ...['Sec-Fetch-Site: same-origin', 'User-Agent: git/2', 'X-Requested-With: x', 'Service-Worker: script'],
  ...['Access-Control-Request-Method: GET', 'Referer: /', 'Cookie: a=1', 'X-HTTP-Method-Override: DELETE'],
]
const OF_RESPONSES = [
  ...['Set-Cookie: a=1', 'Location: https://evil.example/', 'Refresh: 0; url=/', 'Link: </x>; rel=preload'],
  ...['Cache-Control: public', 'Expires: 0', 'Age: 1', 'Vary: *', 'Pragma: x', 'Content-Type: text/html'],
  ...['Content-Encoding: gzip', 'Content-Range: bytes 0-1/2', 'Content-Disposition: inline', 'WWW-Authenticate: Basic'],
  ...['Strict-Transport-Security: max-age=0', 'Content-Security-Policy: x', 'Access-Control-Allow-Origin: *'],
  ...['Clear-Site-Data: "*"', 'X-Sendfile: /etc/passwd', 'X-Frame-Options: x', 'Date: x', 'Retry-After: 1'],
]
const AT_THE_END = [
  'Content-Digest: sha-256=:abc:',
  'Content-MD5: abc',
  'ETag: "1"',
  'Server-Timing: a',
  'grpc-status: 0',
]

test('what means something in a head alone passes among no trailers, what is known at the end does', async () => {
  let trailers: readonly string[] = []
  toNode.origin.answerWith((request, response) => {
    request.resume().on('end', () => {
      trailers = request.rawTrailers
      response.end()
    })
  })
  const connection = await toNode.connect()
  const content = chunked('content', [...OF_REQUESTS, ...AT_THE_END])
  connection.send(requestText('POST /', [toNode.host, patField, 'Transfer-Encoding: chunked'], content))
  assert.equal((await connection.response()).status, 200)
  assert.deepEqual(
    trailers,
    AT_THE_END.flatMap(line => line.split(': ')),
  )
  origin.respondWith(socket =>
    socket.write(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('x', [...OF_RESPONSES, ...AT_THE_END])}`,
    ),
  )
  assert.deepEqual(
    (await proxy.pass('GET /')).trailers.map(field => field.join(': ')),
    AT_THE_END,
  )
})

test('a trailer that speaks about framing is refused', async () => {
  for (const trailer of ['Content-Length: 3', 'Transfer-Encoding: chunked']) {
    const seen = toNode.origin.requests.filter(request => request.sha256 !== undefined).length
    const connection = await toNode.connect()
    connection.send(
      requestText('POST /', [toNode.host, patField, 'Transfer-Encoding: chunked'], chunked('x', [trailer])),
    )
    assert.equal((await connection.response()).status, 400)
    assert.equal(toNode.origin.requests.filter(request => request.sha256 !== undefined).length, seen)
  }
})

test('a hundred trailer fields pass, a thousand are refused with 431, and the origin does not take the content for complete', async () => {
  const send = async (count: number) => {
    const trailers = Array.from({ length: count }, (_, index) => `X-Trailer-${index}: y`)
    const connection = await toNode.connect()
    connection.send(
      requestText('POST /', [toNode.host, patField, 'Transfer-Encoding: chunked'], chunked('x', trailers)),
    )
    return connection.response()
  }
  toNode.origin.answerWith((request, response) => request.resume().on('end', () => response.end('ok')))
  assert.equal((await send(100)).text, 'ok')
  const complete = () => toNode.origin.requests.filter(({ sha256 }) => sha256 !== undefined).length
  const before = complete()
  const refused = await send(1000)
  assert.deepEqual([refused.status, refused.one('X-Torhaus-Error')], [431, 'too-many-fields'])
  assert.equal(complete(), before)
})

test('informational responses reach the client, without hop-by-hop fields', async () => {
  origin.respondWith(socket =>
    socket.write(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\nConnection: x\r\nAlt-Svc: h3=":443"\r\n\r\n' +
        'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ),
  )
  const response = await proxy.pass('GET /')
  assert.equal(response.text, 'ok')
  assert.deepEqual(
    response.informational.map(({ status, fields }) => [status, ...fields.map(([name, value]) => `${name}: ${value}`)]),
    [[103, 'Link: </a.css>; rel=preload', 'Link: </b.js>; rel=preload'], [102]],
  )
})

test('an informational response arrives before the final one exists', async () => {
  const final = Promise.withResolvers<void>()
  origin.respondWith(async socket => {
    socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n')
    await final.promise
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  const connection = await proxy.connect()
  connection.send(requestText('GET /', [proxy.host, patField]))
  assert.equal((await connection.head()).status, 103)
  final.resolve()
  assert.equal((await connection.response()).text, 'ok')
})
