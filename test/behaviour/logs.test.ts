import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { listen } from '../../devkit/op/listen.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const recordsOf = (path: string) => proxy.fixture.log.filter(entry => entry['url.path'] === path)

test('a forwarded request leaves one record with the field names of ECS', async () => {
  const response = await proxy.ask(
    'POST /recorded?secret=x',
    [proxy.bearerField, 'User-Agent: curl/8.14.1', 'Content-Length: 5'],
    'hello',
  )
  const record = await proxy.record(response)
  const {
    'event.duration': duration,
    'torhaus.decide_ms': decide,
    'torhaus.upstream_first_byte_ms': first,
    ...rest
  } = record
  for (const time of [duration, decide, first]) assert.ok(typeof time === 'number' && time >= 0)
  assert.match(String(rest['@timestamp']), /^\d{4}-\d\d-\d\dT.*Z$/)
  assert.partialDeepStrictEqual(rest, {
    'log.level': 'info',
    'service.name': 'torhaus',
    'event.action': 'request',
    'event.outcome': 'success',
    'http.request.id': response.one('X-Request-Id'),
    'http.request.method': 'POST',
    'http.request.body.bytes': 5,
    'http.response.status_code': 200,
    'http.response.body.bytes': response.content.length,
    'url.path': '/recorded',
    'client.address': '127.0.0.1',
    'user.name': 'ada',
    'user_agent.original': 'curl/8.14.1',
    'torhaus.scheme': 'bearer',
    'torhaus.client_class': 'rest',
    'torhaus.admitted_by': 'second-factor',
    'torhaus.outcome': 'forwarded',
    'torhaus.stage': 'forward',
  })
  assert.equal(recordsOf('/recorded').length, 1)
})

/** Requests that end in different ways, and what the record says of each. */
const endings: Record<string, [line: string, fields: () => string[], expected: Record<string, unknown>]> = {
  challenge: [
    'GET /e1',
    () => [],
    { 'torhaus.outcome': 'challenged', 'torhaus.code': 'credentials-missing', 'http.response.status_code': 401 },
  ],
  redirect: [
    'GET /e2',
    () => ['Accept: text/html', 'User-Agent: Mozilla/5.0'],
    { 'torhaus.outcome': 'redirected', 'http.response.status_code': 302 },
  ],
  denial: [
    'GET /e3',
    () => ['Authorization: Basic !'],
    { 'torhaus.outcome': 'denied', 'torhaus.code': 'authorization-malformed' },
  ],
  'a denial by the first stage': [
    'TRACE /e4',
    () => [],
    { 'torhaus.outcome': 'denied', 'torhaus.stage': 'trust-connection', 'http.response.status_code': 405 },
  ],
  'a page of ours': [
    'GET /.torhaus/jwks.json',
    () => [],
    { 'torhaus.outcome': 'answered', 'http.response.status_code': 200 },
  ],
  'a page that is not there': [
    'GET /.torhaus/e5',
    () => [],
    { 'torhaus.code': 'not-found', 'http.response.status_code': 404 },
  ],
  'an expectation': [
    'GET /e6',
    () => [patField, 'Expect: x'],
    { 'torhaus.code': 'expectation-unsupported', 'http.response.status_code': 417 },
  ],
}

for (const [what, [line, fields, expected]] of Object.entries(endings)) {
  test(`${what} leaves one record that says so`, async () => {
    const record = await proxy.record(await proxy.ask(line, fields()))
    assert.partialDeepStrictEqual(record, expected)
  })
}

test('what the first stage or the router refuses leaves a record as well, with an id and the address', async () => {
  const before = proxy.fixture.log.length
  const lines = ['GET /%zz', 'GET http://other.example/', 'GET /a?b#c', 'GET /%00']
  for (const line of lines) {
    const response = await proxy.pass(line)
    assert.equal(response.status, 400)
    assert.equal((await proxy.record(response))['client.address'], '127.0.0.1')
  }
  await proxy.fixture.logged(() => proxy.fixture.log.length >= before + lines.length)
  assert.equal(proxy.fixture.log.length, before + lines.length)
})

test('what never became a request leaves a record of its own', async () => {
  const connection = await proxy.connect()
  connection.send('garbage\r\n\r\n')
  await connection.rest()
  const record = await proxy.fixture.logged(entry => entry['event.action'] === 'reject')
  assert.equal(record['torhaus.code'], 'request-malformed')
  assert.equal(record['client.address'], '127.0.0.1')
})

test('pipelined requests are answered in order, and each leaves one record', async () => {
  const connection = await proxy.connect()
  const paths = ['/p1', '/p2', '/p3', '/p4']
  proxy.origin.answerWith((request, response) =>
    setTimeout(() => response.end(request.url), request.url === '/p1' ? 60 : 1),
  )
  for (const path of paths) connection.send(requestText(`GET ${path}`, [proxy.host, patField]))
  for (const path of paths) assert.equal((await connection.response()).text, path)
  for (const path of paths) await proxy.fixture.logged(entry => entry['url.path'] === path)
  assert.deepEqual(
    paths.map(path => recordsOf(path).length),
    [1, 1, 1, 1],
  )
})

test('a client that goes away while the identity provider is asked leaves a record that says so', async () => {
  const asked = Promise.withResolvers<Socket>()
  const silent = createServer(asked.resolve)
  const issuer = `http://127.0.0.1:${await listen(silent, '127.0.0.1', 0)}`
  const waiting = await startProxy({ issuer, configure: configured() })
  const claims = Buffer.from(JSON.stringify({ iss: issuer })).toString('base64url')
  const header = Buffer.from('{"alg":"RS256"}').toString('base64url')
  const connection = await waiting.connect()
  connection.send(requestText('GET /left', [waiting.host, `Authorization: Bearer ${header}.${claims}.c2ln`]))
  const socket = await asked.promise
  setTimeout(() => connection.close(), 50)
  const record = await waiting.fixture.logged(entry => entry['url.path'] === '/left')
  assert.equal(record['torhaus.outcome'], 'aborted')
  assert.equal(record['torhaus.code'], 'client-aborted')
  socket.destroy()
  silent.close()
  await waiting.close()
})

test('a HEAD request counts no content that was not sent', async () => {
  assert.equal((await proxy.record(await proxy.ask('HEAD /h')))['http.response.body.bytes'], 0)
})

/** Docker takes a longer line for two (json-file), journald from 48 KiB on. */
const LONGEST_LINE_BYTES = 16_384

for (const accessForm of ['ecs', 'compact']) {
  test(`no client makes a record of the form ${accessForm} so long that nobody can read it`, async () => {
    const own = await startProxy({
      configure: config => configured({ maxHeaderBytes: 131_072 }, {}, { logging: { accessForm } })(config),
    })
    try {
      // What needs escaping takes twice the room.
      const quotes = '"'.repeat(20_000)
      const response = await own.ask(`GET /long${quotes}`, [`User-Agent: ${quotes}`])
      assert.equal(response.status, 401)
      const id = response.one('X-Request-Id')
      const record = await own.fixture.logged(entry => (entry['http.request.id'] ?? entry.id) === id)
      assert.ok(Buffer.byteLength(JSON.stringify(record)) < LONGEST_LINE_BYTES)
      const [path, userAgent] = [record['url.path'] ?? record.p, record['user_agent.original'] ?? record.ua]
      assert.match(String(path), /^\/long"{4000,}\.\.\.$/)
      assert.match(String(userAgent), /^"{500,}\.\.\.$/)
    } finally {
      await own.close()
    }
  })
}
