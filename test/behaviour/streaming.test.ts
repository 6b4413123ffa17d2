import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { standsStill } from '../../devkit/torhaus/eventually.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const [patName = '', patValue = ''] = patField.split(/: (.*)/)
/** As Node's client wants it. */
const patHeaders = { [patName]: patValue }

const MIB = 1024 * 1024
const LARGE_BYTES = 100 * MIB
/** More than sockets, their buffers in the kernel and streams in between could hold, and far less than the whole. */
const MAX_BUFFERED_BYTES = 24 * MIB

/** Content of a given length that differs from place to place. */
function* pieces(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(64 * 1024)
  for (let sent = 0; sent < bytes; sent += piece.length) {
    piece.writeUInt32LE(sent, 0)
    yield Buffer.from(piece.subarray(0, Math.min(piece.length, bytes - sent)))
  }
}

function hashOf(bytes: number): string {
  const hash = createHash('sha256')
  for (const piece of pieces(bytes)) hash.update(piece)
  return hash.digest('hex')
}

function upload(framing: Record<string, string>) {
  const headers = { ...patHeaders, ...framing }
  return httpRequest({
    host: '127.0.0.1',
    port: proxy.fixture.port,
    method: 'POST',
    path: '/upload',
    headers,
    agent: false,
  })
}

for (const framing of [{ 'Content-Length': String(LARGE_BYTES) }, { 'Transfer-Encoding': 'chunked' }]) {
  test(`100 MiB up with ${Object.keys(framing)[0]} arrive whole`, async () => {
    const request = upload(framing)
    const answered = new Promise<number | undefined>((resolve, reject) => {
      request.on('error', reject).on('response', response => {
        response.resume()
        resolve(response.statusCode)
      })
    })
    for (const piece of pieces(LARGE_BYTES))
      if (!request.write(piece)) await new Promise(resolve => request.once('drain', resolve))
    request.end()
    assert.equal(await answered, 200)
    const received = proxy.origin.requests.at(-1)
    assert.equal(received?.bytes, LARGE_BYTES)
    assert.equal(received?.sha256, hashOf(LARGE_BYTES))
    assert.deepEqual(received?.all('Content-Length'), 'Content-Length' in framing ? [String(LARGE_BYTES)] : [])
  })
}

test('100 MiB down arrive whole', async () => {
  proxy.origin.answerWith(async (_, response) => {
    for (const piece of pieces(LARGE_BYTES))
      if (!response.write(piece)) await new Promise(resolve => response.once('drain', resolve))
    response.end()
  })
  const connection = await proxy.connect()
  const hash = createHash('sha256')
  let bytes = 0
  // The chunked coding is read by Node here: the raw client would keep everything.
  connection.close()
  await new Promise<void>((resolve, reject) => {
    httpRequest(
      { host: '127.0.0.1', port: proxy.fixture.port, path: '/download', headers: patHeaders, agent: false },
      response => {
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          hash.update(chunk)
        })
        response.on('end', resolve).on('error', reject)
      },
    ).end()
  })
  assert.equal(bytes, LARGE_BYTES)
  assert.equal(hash.digest('hex'), hashOf(LARGE_BYTES))
})

test('a client that does not read stops the origin: what is under way stays bounded', async () => {
  let written = 0
  proxy.origin.answerWith((_, response) => {
    response.writeHead(200, { 'Content-Length': String(LARGE_BYTES) })
    const source = pieces(LARGE_BYTES)
    const write = () => {
      // Not `for`: leaving that would end the source.
      for (let next = source.next(); next.value !== undefined; next = source.next()) {
        written += next.value.length
        if (!response.write(next.value)) break
      }
    }
    response.on('drain', write)
    write()
  })
  const connection = await proxy.connect()
  connection.socket.pause()
  connection.send(requestText('GET /slow', [proxy.host, patField]))
  await proxy.origin.arrived('/slow')
  // Nothing drained for a while: everything in between is full.
  await standsStill(() => written)
  assert.ok(written > 65_536 && written < MAX_BUFFERED_BYTES, `${written} bytes were taken from the origin`)
  connection.close()
})

test('an origin that does not read stops the client', async () => {
  proxy.origin.answerWith(request => request.pause())
  const request = upload({ 'Content-Length': String(LARGE_BYTES) })
  request.on('error', () => undefined)
  let written = 0
  for (const piece of pieces(LARGE_BYTES)) {
    written += piece.length
    if (request.write(piece)) continue
    const drained = new Promise(resolve => request.once('drain', () => resolve(true)))
    if (!(await Promise.race([drained, new Promise(resolve => setTimeout(() => resolve(false), 500))]))) break
  }
  assert.ok(written < MAX_BUFFERED_BYTES, `${written} bytes were taken from the client`)
  request.destroy()
})

test('a response reaches the client piece by piece, its head before any content', async () => {
  let goOn = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.flushHeaders()
    for (const piece of ['data: 1\n\n', 'data: 2\n\n']) {
      await goOn.promise
      goOn = Promise.withResolvers()
      response.write(piece)
    }
    response.end()
  })
  const connection = await proxy.connect()
  connection.send(requestText('GET /events', [proxy.host, patField]))
  assert.equal((await connection.head()).status, 200)
  goOn.resolve()
  assert.equal((await connection.bytes(14)).toString(), '9\r\ndata: 1\n\n\r\n')
  goOn.resolve()
  assert.equal((await connection.bytes(14)).toString(), '9\r\ndata: 2\n\n\r\n')
})

test('a request reaches the origin piece by piece', async () => {
  proxy.origin.answerWith((request, response) =>
    request.on('data', chunk => response.write(chunk)).on('end', () => response.end()),
  )
  const connection = await proxy.connect()
  connection.send(requestText('POST /talk', [proxy.host, patField, 'Transfer-Encoding: chunked'], '3\r\none\r\n'))
  await connection.head()
  assert.equal((await connection.bytes(8)).toString(), '3\r\none\r\n')
  connection.send('3\r\ntwo\r\n0\r\n\r\n')
  assert.equal((await connection.bytes(13)).toString(), '3\r\ntwo\r\n0\r\n\r\n')
})

/** Not a multiple of anything: one read holds several chunks, and parts of them. */
const ODD_BYTES = 20_011
const SLOW_CLIENTS = 4
const SLOW_PIECES = 1000

for (const isChunked of [false, true]) {
  test(`what slow clients of ${isChunked ? 'chunked content' : 'content of known length'} read at the same time is not mixed up`, async () => {
    const pieceOf = (path: string, index: number) => Buffer.alloc(ODD_BYTES, `${path} ${index};`)
    proxy.origin.answerWith(async (request, response) => {
      if (!isChunked) response.setHeader('Content-Length', ODD_BYTES * SLOW_PIECES)
      for (let index = 0; index < SLOW_PIECES; index++)
        if (!response.write(pieceOf(request.url ?? '', index)))
          await new Promise(resolve => response.once('drain', resolve))
      response.end()
    })
    const read = (path: string) =>
      new Promise<string>((resolve, reject) => {
        const hash = createHash('sha256')
        const options = { host: '127.0.0.1', port: proxy.fixture.port, path, headers: patHeaders, agent: false }
        httpRequest(options, async response => {
          let count = 0
          for await (const chunk of response) {
            hash.update(chunk)
            if (count++ % 8 === 0) await new Promise(wait => setTimeout(wait, 2))
          }
          resolve(hash.digest('hex'))
        })
          .on('error', reject)
          .end()
      })
    const paths = Array.from({ length: SLOW_CLIENTS }, (_, client) => `/slow/${client}`)
    const expected = paths.map(path => {
      const hash = createHash('sha256')
      for (let index = 0; index < SLOW_PIECES; index++) hash.update(pieceOf(path, index))
      return hash.digest('hex')
    })
    assert.deepEqual(await Promise.all(paths.map(read)), expected)
  })
}
