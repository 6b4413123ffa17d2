import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

async function withHosts(target: string, ...hosts: string[]) {
  const connection = await proxy.connect()
  connection.send(requestText(`GET ${target}`, [...hosts, patField]))
  const response = await connection.response()
  connection.close()
  return response
}

const refused: Record<string, string[]> = {
  'no Host': [],
  'two Hosts that differ': ['Host: a.example', 'Host: b.example'],
  'two Hosts that agree': ['Host: a.example', 'Host: a.example'],
  'an empty Host': ['Host:'],
  'a Host with a user name': ['Host: user@a.example'],
  'a Host with a path': ['Host: a.example/path'],
  'a Host that is a list': ['Host: a.example, b.example'],
  'a Host with white space': ['Host: a.example b.example'],
  'a Host with a port that is no number': ['Host: a.example:http'],
}

for (const [what, hosts] of Object.entries(refused)) {
  test(`${what} gets 400 (RFC 9112 3.2) and reaches nobody`, async () => {
    const response = await withHosts('/', ...hosts)
    assert.equal(response.status, 400)
    assert.equal(response.one('X-Torhaus-Error'), 'host-invalid')
    assert.equal(proxy.origin.requests.length, 0)
  })
}

test('an absolute-form target with another Host is refused', async () => {
  const response = await withHosts('http://a.example/path', 'Host: b.example')
  assert.equal(response.one('X-Torhaus-Error'), 'target-misdirected')
  assert.equal(response.status, 400)
})

test('an absolute-form target with a user name in front of the Host is refused', async () => {
  const response = await withHosts('http://b.example@a.example/', 'Host: a.example')
  assert.equal(response.one('X-Torhaus-Error'), 'target-misdirected')
})

test('an absolute-form target reaches the origin in origin-form, with its query', async () => {
  const response = await withHosts(`http://127.0.0.1:${proxy.fixture.port}/path?a=b`, proxy.host)
  assert.equal(response.status, 200)
  assert.equal(proxy.origin.requests.at(-1)?.target, '/path?a=b')
})

test('an absolute-form target without a path is the root', async () => {
  await withHosts(`http://127.0.0.1:${proxy.fixture.port}?a=b`, proxy.host)
  assert.equal(proxy.origin.requests.at(-1)?.target, '/?a=b')
})

test('the origin is sent the public Host, whatever Host the client sent', async () => {
  const response = await withHosts('/', 'Host: elsewhere.example')
  assert.equal(response.status, 200)
  const received = proxy.origin.requests.at(-1)
  assert.deepEqual(received?.all('Host'), [`127.0.0.1:${proxy.fixture.port}`])
  assert.deepEqual(received?.all('X-Forwarded-Host'), [`127.0.0.1:${proxy.fixture.port}`])
})

test('a sign-in redirect leads to the public origin, whatever Host the client sent', async () => {
  const connection = await proxy.connect()
  connection.send(requestText('GET /page', ['Host: evil.example', 'Accept: text/html']))
  const response = await connection.response()
  assert.equal(response.status, 302)
  assert.match(response.one('Location') ?? '', new RegExp(`^${RegExp.escape(proxy.fixture.url)}/\\.torhaus/sign-in\\?`))
})
