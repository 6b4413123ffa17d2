import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { ResponseFieldFilter } from '../../src/http/response-fields.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({ configure: configured() })
})
after(() => proxy.close())

async function answeredWith(...fields: string[]) {
  proxy.origin.answerWith((_, response) => response.writeHead(302, fields).end())
  return proxy.pass('GET /')
}

test("Location and Content-Location with the server's own origin become public ones", async () => {
  for (const name of ['Location', 'Content-Location'])
    for (const rest of ['', '/', '/path?a=b#c', '?a=b']) {
      const response = await answeredWith(name, proxy.origin.url + rest)
      assert.equal(response.one(name), proxy.fixture.url + rest)
    }
})

test('other Locations pass unchanged: relative, elsewhere, and those that only begin alike', async () => {
  const { url, port } = proxy.origin
  for (const location of [
    '/path',
    'path',
    '../x',
    '//other/',
    'https://other.example/',
    `${url}0/`,
    `${url}.example/`,
    `${url}@evil.example/`,
    `/x?next=${url}/`,
    `http://x.${port}/`,
  ])
    assert.equal((await answeredWith('Location', location)).one('Location'), location)
})

test('the port that goes without saying may be said: the origin is the same', () => {
  const location = (upstreamUrl: string, said: string) =>
    new ResponseFieldFilter('https://devops.example.com', upstreamUrl, []).filter(['Location', said]).fields[1]
  const read = 'https://devops.example.com/x'
  // As UriBuilder of .NET writes them.
  assert.equal(location('http://tfs.internal', 'http://tfs.internal:80/x'), read)
  assert.equal(location('https://tfs.internal', 'https://tfs.internal:443/x'), read)
  assert.equal(location('http://tfs.internal:8080', 'http://devops.example.com:80/x'), read)
  assert.equal(location('http://tfs.internal', '//tfs.internal/x'), read)
  assert.equal(location('http://tfs.internal', '//tfs.internal:80/x'), read)
  assert.equal(location('http://tfs.internal:8080', '//tfs.internal:8080/x'), read)
  for (const other of [
    ...[
      'http://tfs.internal:8080/x',
      'http://tfs.internal:443/x',
      'http://tfs.internal:801/x',
      'http://tfs.internal:/x',
    ],
    ...[
      'https://tfs.internal:80/x',
      '//tfs.internal:443/x',
      '//tfs.internal.example/x',
      'http://devops.example.com:8080/x',
    ],
  ])
    assert.equal(location('http://tfs.internal', other), other)
})

/** What the server says, and what the client reads: I stands for the origin of the server, N for the same without scheme, P for the public one. */
const named: readonly (readonly [name: string, said: string, read: string])[] = [
  ['Refresh', '5; url=I/next?a=b', '5; url=P/next?a=b'],
  ['Refresh', '0;URL="I/next"', '0;URL="P/next"'],
  ['Refresh', "1.5, url = 'I'", "1.5, url = 'P'"],
  ['Refresh', '5; I/next', '5; P/next'],
  ['Refresh', '5', '5'],
  ['Refresh', '5; url=/x?next=I/', '5; url=/x?next=I/'],
  ['Refresh', '5; url=I.example/', '5; url=I.example/'],
  ['Link', '<I/a.css>; rel=preload, <I/b.js>; rel=preload', '<P/a.css>; rel=preload, <P/b.js>; rel=preload'],
  ['Link', '<I/p?page=2>; rel="next"; anchor="I/x"', '<P/p?page=2>; rel="next"; anchor="P/x"'],
  ['Link', '</x?next=I/>; rel=next, <I0/>; rel=x', '</x?next=I/>; rel=next, <I0/>; rel=x'],
  ['Content-Location', 'I/x', 'P/x'],
  ['Location', 'N/x', 'P/x'],
  ['Refresh', '0; url=N/x', '0; url=P/x'],
  ['Link', '<N/x>; rel=next, </x?next=N/>; rel=last', '<P/x>; rel=next, </x?next=N/>; rel=last'],
]

for (const [name, said, read] of named)
  test(`${name} ${said} reads ${read}`, async () => {
    const inner = { I: proxy.origin.url, N: proxy.origin.url.slice('http:'.length), P: proxy.fixture.url }
    const put = (text: string) => text.replaceAll(/\b[INP](?=\b|0)/g, letter => inner[letter as keyof typeof inner])
    assert.equal((await answeredWith(name, put(said))).one(name), put(read))
  })

test('a challenge that names where to fetch a token names the public origin', async () => {
  const challenge = (origin: string) => `Bearer realm="${origin}/v2/token",service="registry",scope="*"`
  proxy.origin.answerWith((_, response) =>
    response.writeHead(401, ['WWW-Authenticate', challenge(proxy.origin.url)]).end(),
  )
  assert.deepEqual((await proxy.pass('GET /v2/')).all('WWW-Authenticate'), [challenge(proxy.fixture.url)])
})

test('several Set-Cookie lines stay several, byte for byte and in order', async () => {
  const cookies = [
    'a=1; Path=/; HttpOnly',
    'b="x,y"; Expires=Wed, 21 Oct 2037 07:28:00 GMT',
    'a=2; SameSite=None; Secure',
    '=odd',
    'novalue',
    'c=\xe4',
  ]
  const response = await answeredWith(...cookies.flatMap(cookie => ['Set-Cookie', cookie]))
  assert.deepEqual(response.all('Set-Cookie'), cookies)
})

test("a cookie for the server's own host becomes one for the public host; other domains stay", async () => {
  const cookies = [
    'a=1; Domain=127.0.0.1; Path=/',
    'b=1; domain=.127.0.0.1',
    'c=1; Domain=other.example',
    'd=Domain=127.0.0.1',
  ]
  const response = await answeredWith(...cookies.flatMap(cookie => ['Set-Cookie', cookie]))
  assert.deepEqual(response.all('Set-Cookie'), [
    'a=1; Domain=127.0.0.1; Path=/',
    'b=1; domain=127.0.0.1',
    ...cookies.slice(2),
  ])
})

test('the server cannot set a cookie of ours', async () => {
  const cookies = [
    'torhaus=planted',
    'torhaus-sign-in=planted; Path=/',
    ' torhaus =planted',
    '=torhaus=planted; Path=/',
    ' = torhaus-sign-in=planted',
    'torhaus-other=1',
    'xtorhaus=1',
  ]
  const response = await answeredWith(...cookies.flatMap(cookie => ['Set-Cookie', cookie]))
  assert.deepEqual(response.all('Set-Cookie'), ['torhaus-other=1', 'xtorhaus=1'])
})

test('cookies of ours never reach the server; its own do, untouched', async () => {
  const field =
    'Cookie: a=1; torhaus=secret-id; b="x; y"; torhaus-sign-in=secret-id; c=3; xtorhaus=4; torhaus-other=5; torhaus=again'
  await proxy.ask('GET /', [proxy.bearerField, field])
  assert.deepEqual(proxy.origin.requests.at(-1)?.all('Cookie'), ['a=1; b="x; y"; c=3; xtorhaus=4; torhaus-other=5'])
  await proxy.ask('GET /', [proxy.bearerField, 'Cookie: torhaus=secret-id'])
  assert.deepEqual(proxy.origin.requests.at(-1)?.all('Cookie'), [])
})

test('several Cookie lines are one to the server, without ours', async () => {
  await proxy.ask('GET /', [proxy.bearerField, 'Cookie: a=1', 'Cookie: torhaus=secret-id', 'Cookie: b=2'])
  assert.deepEqual(proxy.origin.requests.at(-1)?.all('Cookie').join('; '), 'a=1; b=2')
})

test('a 401 of the server keeps its Basic and Bearer challenges, one line each, and loses those bound to the connection', async () => {
  proxy.origin.answerWith((_, response) =>
    response
      .writeHead(401, [
        ...[
          'WWW-Authenticate',
          'Bearer',
          'WWW-Authenticate',
          'Basic realm="https://tfs/"',
          'WWW-Authenticate',
          'Negotiate',
        ],
        ...['WWW-Authenticate', 'NTLM', 'Lfs-Authenticate', 'NTLM', 'Persistent-Auth', 'true'],
      ])
      .end(),
  )
  const response = await proxy.pass('GET /')
  assert.equal(response.status, 401)
  assert.deepEqual(response.all('WWW-Authenticate'), ['Bearer', 'Basic realm="https://tfs/"'])
  assert.deepEqual([response.all('Lfs-Authenticate'), response.all('Persistent-Auth')], [[], []])
})

test('a 401 of the server that offers nothing else is given our challenges', async () => {
  for (const offered of [['WWW-Authenticate', 'Negotiate'], ['WWW-Authenticate', 'NTLM, Negotiate'], []]) {
    proxy.origin.answerWith((_, response) => response.writeHead(401, offered).end())
    const challenges = (await proxy.pass('GET /')).all('WWW-Authenticate')
    assert.deepEqual(
      challenges.map(challenge => challenge.split(' ')[0]),
      ['Bearer', 'Basic'],
    )
  }
})

test('a challenge bound to the connection does not come through on the line of another one', async () => {
  proxy.origin.answerWith((_, response) =>
    response.writeHead(401, ['WWW-Authenticate', 'Basic realm="x", Negotiate']).end(),
  )
  assert.doesNotMatch((await proxy.pass('GET /')).all('WWW-Authenticate').join(), /negotiate/i)
})
