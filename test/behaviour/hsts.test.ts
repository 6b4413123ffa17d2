import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { strictTransport } from '../../src/http/strict-transport.ts'

const OURS = 'max-age=86400'
const BROWSER = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/141.0',
  'Accept: text/html',
  'Sec-Fetch-Mode: navigate',
]
const host = 'Host: devops.example'

const start = (hsts: object, publicUrl = 'https://devops.example') =>
  startProxy({ configure: config => configured({}, {}, { publicUrl, hsts })(config) })

let proxy: ProxyUnderTest
before(async () => {
  proxy = await start({})
})
after(() => proxy.close())

const said = async (of: ProxyUnderTest, line: string, fields: readonly string[], name = host) => {
  const connection = await of.connect()
  try {
    connection.send(`${line} HTTP/1.1\r\n${[name, ...fields].join('\r\n')}\r\n\r\n`)
    const response = await connection.response()
    return [response.status, response.all('Strict-Transport-Security')]
  } finally {
    connection.close()
  }
}

test('browsers hear of it with pages of the server, our own, refusals and the way to the sign-in', async () => {
  assert.deepEqual(await said(proxy, 'GET /page', [...BROWSER, patField]), [200, [OURS]])
  assert.deepEqual(await said(proxy, 'GET /.torhaus/torhaus-credential.mjs', BROWSER), [200, [OURS]])
  assert.deepEqual(await said(proxy, 'GET /page', BROWSER), [302, [OURS]])
  assert.deepEqual(await said(proxy, 'GET /page', []), [401, [OURS]])
})

test('other programs get no field that they do not read, and none of the server', async () => {
  assert.deepEqual(await said(proxy, 'GET /page', [patField, 'User-Agent: git/2.47.0']), [200, []])
})

test('the server cannot make browsers forget it', async () => {
  proxy.origin.answerWith((_, response) => {
    response.writeHead(200, { 'strict-transport-security': 'max-age=0', Connection: 'Strict-Transport-Security' })
    response.end('page')
  })
  assert.deepEqual(await said(proxy, 'GET /page', [...BROWSER, patField]), [200, [OURS]])
  assert.deepEqual(await said(proxy, 'GET /page', [patField, 'User-Agent: git/2.47.0']), [200, []])
})

test('how long, and for which hosts, is set; off leaves it to others', async () => {
  const settings: [object, string[]][] = [
    [{ maxAgeSeconds: 31_536_000, includeSubDomains: true }, ['max-age=31536000; includeSubDomains']],
    [{ maxAgeSeconds: 0 }, ['max-age=0']],
    [{ off: true }, []],
  ]
  for (const [hsts, expected] of settings) {
    const other = await start(hsts)
    try {
      assert.deepEqual(await said(other, 'GET /page', BROWSER), [302, expected])
      other.origin.answerWith((_, response) => {
        response.setHeader('Strict-Transport-Security', 'max-age=7')
        response.end()
      })
      const page = await said(other, 'GET /page', [...BROWSER, patField])
      assert.deepEqual(page, [200, expected.length > 0 ? expected : ['max-age=7']])
    } finally {
      await other.close()
    }
  }
})

test('on http, and for an address, nothing is said', async () => {
  const plain = await startProxy()
  try {
    assert.deepEqual(await said(plain, 'GET /page', BROWSER, plain.host), [302, []])
  } finally {
    await plain.close()
  }
  const none = { off: false, maxAgeSeconds: 60, includeSubDomains: false }
  for (const url of ['https://192.0.2.1', 'https://[2001:db8::1]:8443', 'http://devops.example'])
    assert.deepEqual(strictTransport(none, new URL(url)), [])
})
