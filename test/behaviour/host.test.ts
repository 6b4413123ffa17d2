import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

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
  const response = await withHosts('http://a.example/path', 'Host: 127.0.0.1')
  assert.equal(response.one('X-Torhaus-Error'), 'target-misdirected')
  assert.equal(response.status, 400)
})

test('an absolute-form target with a user name in front of the Host is refused', async () => {
  const response = await withHosts('http://b.example@127.0.0.1/', 'Host: 127.0.0.1')
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

const strangers = [
  'evil.example',
  '127.0.0.1.evil.example',
  'localhost',
  '127.0.0.2',
  '[::1]',
  'elsewhere.example:8080',
]

for (const name of strangers) {
  test(`a request under the name ${name}, which is not ours, gets 421 and reaches nobody (RFC 9110 15.5.20)`, async () => {
    const seen = proxy.origin.requests.length
    for (const target of ['/', '/.torhaus/', '/.torhaus/sign-in']) {
      const response = await withHosts(target, `Host: ${name}`)
      assert.deepEqual([response.status, response.one('X-Torhaus-Error')], [421, 'host-unknown'])
      assert.deepEqual(response.all('Set-Cookie'), [])
    }
    assert.equal(proxy.origin.requests.length, seen)
  })
}

test('our name with another port, as a port mapping makes it, is ours', async () => {
  assert.equal((await withHosts('/', 'Host: 127.0.0.1:1')).status, 200)
  assert.equal((await withHosts('/', 'Host: 127.0.0.1')).status, 200)
})

test('a further name is ours when configured, in any case; the origin is sent the public one', async () => {
  const named = await startProxy({ configure: configured({ hostNames: ['Devops.corp.example'] }) })
  try {
    const connection = await named.connect()
    connection.send(requestText('GET /', ['Host: devops.CORP.example', patField]))
    assert.equal((await connection.response()).status, 200)
    const received = named.origin.requests.at(-1)
    assert.deepEqual(received?.all('Host'), [`127.0.0.1:${named.fixture.port}`])
    assert.deepEqual(received?.all('X-Forwarded-Host'), [`127.0.0.1:${named.fixture.port}`])
    const page = await named.connect()
    page.send(requestText('GET /page', ['Host: devops.corp.example', 'Accept: text/html', 'User-Agent: Mozilla/5.0']))
    const location = (await page.response()).one('Location') ?? ''
    assert.match(location, new RegExp(`^${RegExp.escape(named.fixture.url)}/\\.torhaus/sign-in\\?`))
  } finally {
    await named.close()
  }
})

test('the admin listener answers to addresses, localhost and configured names, and to no other', async () => {
  const named = await startProxy({
    configure: config => ({
      ...configured()(config),
      admin: { ...config.admin, hostNames: ['torhaus-1.corp.example'] },
    }),
  })
  try {
    const { port } = new URL(named.fixture.adminUrl)
    const status = async (host: string) => {
      const connection = await RawConnection.open(Number(port))
      connection.send(requestText('GET /livez', [`Host: ${host}`]))
      const response = await connection.response()
      connection.close()
      return response.status
    }
    for (const host of [
      '127.0.0.1',
      '10.1.2.3:9090',
      '[::1]:9090',
      'localhost',
      'LOCALHOST:1',
      'Torhaus-1.corp.example',
    ])
      assert.equal(await status(host), 200, host)
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example'])
      assert.equal(await status(host), 421, host)
    // As the checks of HAProxy are, and nothing that a browser sends.
    const check = await RawConnection.open(Number(port))
    check.send('GET /livez HTTP/1.0\r\n\r\n')
    assert.equal((await check.response()).status, 200)
    check.close()
  } finally {
    await named.close()
  }
})
