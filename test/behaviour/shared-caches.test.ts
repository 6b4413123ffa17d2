/** A cache between clients and Torhaus has nothing of one person to give to another. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

async function answeredWith(fields: readonly string[], status = 200) {
  proxy.origin.answerWith((_, response) => response.writeHead(status, [...fields]).end())
  return proxy.pass('GET /')
}

/** What the server says, and what clients read. */
const said: readonly (readonly [server: string, client: string])[] = [
  ['public, max-age=3600', 'private, max-age=3600'],
  ['max-age=3600, public, immutable', 'private, max-age=3600, immutable'],
  ['Public', 'private'],
  ['max-age=60,s-maxage=600', 'private, max-age=60'],
  ['s-maxage = "600" , PUBLIC', 'private'],
  ['no-cache', 'private, no-cache'],
  ['max-age=60, must-revalidate', 'private, max-age=60, must-revalidate'],
  ['private="Set-Cookie", max-age=60', 'private, private="Set-Cookie", max-age=60'],
  ['max-age=60, no-cache="a, private, b"', 'private, max-age=60, no-cache="a, private, b"'],
  ['', 'private'],
  ['private, max-age=60', 'private, max-age=60'],
  ['no-cache,  No-Store ', 'no-cache,  No-Store'],
]

for (const [server, client] of said)
  test(`Cache-Control "${server}" of the server reads "${client}"`, async () => {
    const response = await answeredWith(['Cache-Control', server, 'Expires', 'Fri, 01 Jan 2100 00:00:00 GMT'])
    assert.deepEqual(response.all('Cache-Control'), [client])
    assert.equal(response.one('Expires'), 'Fri, 01 Jan 2100 00:00:00 GMT')
  })

test('each of several lines is read so, and none is lost because Connection names it', async () => {
  const lines = ['Cache-Control', 'public', 'Cache-Control', 'max-age=5', 'Connection', 'Cache-Control']
  assert.deepEqual((await answeredWith(lines)).all('Cache-Control'), ['private', 'private, max-age=5'])
})

test('a server that says nothing of caches lets none keep the response but that of the client', async () => {
  for (const status of [200, 301, 404, 410])
    assert.deepEqual((await answeredWith([], status)).all('Cache-Control'), ['private'], String(status))
})

test('what a client has kept is not told anew how long it is good by a 304 that says nothing of it', async () => {
  assert.deepEqual((await answeredWith(['ETag', '"1"'], 304)).all('Cache-Control'), [])
  assert.deepEqual((await answeredWith(['Cache-Control', 'public, max-age=9'], 304)).all('Cache-Control'), [
    'private, max-age=9',
  ])
})

test('where the server says it the way of HTTP/1.0, the cache of the client goes on asking', async () => {
  assert.deepEqual((await answeredWith(['Pragma', 'no-cache'])).all('Cache-Control'), ['private, no-cache'])
})

test('single caches are told nothing else, and no file of what stands before Torhaus takes the place of the response', async () => {
  const names = [
    ...['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control', 'Edge-Control', 'X-Accel-Expires'],
    ...['X-Accel-Redirect', 'X-Sendfile', 'X-Lighttpd-Send-File', 'X-Sendfile2', 'X-Sendfile-Temporary'],
    ...['Akamai-Cache-Control', 'X-LiteSpeed-Cache-Control', 'X-LiteSpeed-Location', 'X-Reproxy-URL'],
  ]
  const response = await answeredWith([...names, 'X-Accel-Buffering'].flatMap(name => [name, '3600']))
  assert.deepEqual(
    names.filter(name => response.all(name).length > 0),
    [],
  )
  // Event streams need it.
  assert.equal(response.one('X-Accel-Buffering'), '3600')
})

test('early hints and trailers get no Cache-Control of ours', async () => {
  proxy.origin.answerWith((_, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' })
    response.writeHead(200, { Trailer: 'X-Late' }).write('content')
    response.addTrailers({ 'X-Late': 'yes' })
    response.end()
  })
  const { informational, trailers } = await proxy.ask('GET /', [patField, 'TE: trailers'])
  assert.deepEqual(informational[0]?.fields, [['Link', '</a.css>; rel=preload']])
  assert.deepEqual(trailers, [['X-Late', 'yes']])
})

test('what is refused before it is a request is for no cache either', async () => {
  for (const bytes of ['GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n', `GET / HTTP/1.1\r\nX: ${'v'.repeat(140_000)}\r\n\r\n`]) {
    const connection = await proxy.connect()
    connection.send(bytes)
    assert.equal((await connection.response()).one('Cache-Control'), 'no-store')
  }
})
