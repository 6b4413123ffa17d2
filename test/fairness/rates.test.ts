import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { drip, readSlowly } from '../../devkit/attack/connection-attacks.ts'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { echo } from '../../devkit/origin/echo-origin.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const publicFiles = (config: { readonly secondFactor: object }) => ({
  ...config.secondFactor,
  rules: [{ name: 'public', reason: 'badges', when: { path: '/public/.*' }, require: 'nothing' }],
})

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({
    configure: config =>
      configured(
        { rateGraceMs: 1000, minRequestRate: 10_000, minResponseRate: 100_000 },
        { maxConnections: 16 },
        { shares: { unprovenMinRate: 10_000 }, secondFactor: publicFiles(config) },
      )(config),
  })
})
after(() => proxy.close())

for (const what of ['content', 'chunk', 'trailer'] as const) {
  test(`dripping ${what} ends with 408, and the connection with it`, async () => {
    const { port } = proxy.fixture
    const attack = await drip(what, 3).start({ port })
    try {
      const path = `/tfs/${what}/_apis/oauth2/token`
      const record = await proxy.fixture.logged(entry => entry['url.path'] === path)
      assert.equal(record['torhaus.code'], 'request-content-too-slow')
      assert.equal(record['http.response.status_code'], 408)
    } finally {
      await attack.stop()
    }
  })

  test(`a person who drips ${what} is not waited for either`, async () => {
    proxy.origin.answerWith(echo)
    const begun = { content: '', chunk: '1\r\nx\r\n100;', trailer: '1\r\nx\r\n0\r\nX-Trailer: ' }[what]
    const framing = what === 'content' ? 'Content-Length: 1000' : 'Transfer-Encoding: chunked'
    const connection = await proxy.connect()
    connection.send(requestText(`POST /slow-${what}`, [proxy.host, proxy.bearerField, framing], begun))
    const timer = setInterval(() => connection.socket.write('x'), 100)
    const response = await connection.response()
    clearInterval(timer)
    assert.equal(response.status, 408)
    assert.equal(response.one('X-Torhaus-Error'), 'request-content-too-slow')
    assert.equal(response.one('Connection'), 'close')
    await connection.rest()
  })
}

test('content that the server does not take is not held against who sends it', async () => {
  const goOn = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (request, response, received) => {
    request.pause()
    await goOn.promise
    request.resume().on('end', () => response.end(String(received.bytes)))
  })
  const connection = await proxy.connect()
  const content = 'x'.repeat(20_000_000)
  const fields = [proxy.host, proxy.bearerField, `Content-Length: ${content.length}`]
  connection.send(requestText('POST /patient', fields, content))
  await proxy.origin.arrived('/patient')
  await new Promise(resolve => setTimeout(resolve, 2500))
  goOn.resolve()
  assert.equal((await connection.response()).text, String(content.length))
})

test('who reads a response too slowly loses it, and the server its burden', async () => {
  proxy.origin.answerWith((_, response) => response.end(Buffer.alloc(50_000_000)))
  const closed = Promise.withResolvers<void>()
  const connection = await proxy.connect()
  connection.send(requestText('GET /large', [proxy.host, proxy.bearerField]))
  await connection.head()
  connection.socket.pause()
  ;(await proxy.origin.arrived('/large')).socket.once('close', closed.resolve)
  const record = await proxy.fixture.logged(entry => entry['url.path'] === '/large')
  assert.equal(record['torhaus.code'], 'response-read-too-slowly')
  assert.equal(record['torhaus.outcome'], 'aborted')
  await closed.promise
})

test('an event stream may be silent for as long as it likes', async () => {
  const end = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(': begun\n\n')
    await end.promise
    response.end('data: last\n\n')
  })
  const connection = await proxy.connect()
  connection.send(requestText('GET /events', [proxy.host, proxy.bearerField]))
  await connection.head()
  await new Promise(resolve => setTimeout(resolve, 2500))
  end.resolve()
  const record = await proxy.fixture.logged(entry => entry['url.path'] === '/events')
  assert.equal(record['torhaus.code'], undefined)
})

test('strangers who do not read what they asked for hold no more than their share', async () => {
  proxy.origin.answerWith((request, response) =>
    response.end(request.url?.startsWith('/public') ? Buffer.alloc(50_000_000) : 'ok'),
  )
  const attack = await readSlowly('/public/large', 14).start({ port: proxy.fixture.port })
  try {
    await proxy.fixture.logged(
      entry => entry['torhaus.code'] === 'unproven-share-exceeded' && entry['torhaus.outcome'] === 'aborted',
    )
    assert.equal((await proxy.ask('GET /person', [proxy.bearerField])).text, 'ok')
  } finally {
    await attack.stop()
  }
})
