import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

/** Forwarded byte for byte: the server decides what they mean. */
const forwarded = [
  '/a/%2e%2e/b',
  '/a/../b',
  '/a/./b',
  '/a%2fb',
  '/a%5cb',
  '/a\\b',
  '//host/path',
  '/a//b',
  '/a;b=c/d;e',
  '/a%252e%252e/b',
  '/{x}|^`"<>',
  '/%E4%BD%A0',
  "/a'b!*()",
  '/a?b#'.slice(0, 4),
  '/a?b=%00x'.replace('%00', '%0a'),
  '/?',
  '/a??b=c?d',
  '/a?b=/.torhaus/sign-in',
  `/${'long'.repeat(1500)}`,
]

for (const target of forwarded) {
  test(`the target ${target.slice(0, 40)} reaches the origin byte for byte`, async () => {
    const response = await proxy.pass(`GET ${target}`)
    assert.equal(response.status, 200, response.text)
    assert.equal(proxy.origin.requests.at(-1)?.target, target)
  })
}

const malformed = ['/a%00b', '/a?b=%00', '/a#b', '/a?b#c', '/\x7f', '/\xe4', 'a/b', '*', 'ftp://host/', '/100%', '/%zz']

for (const target of malformed) {
  test(`the target ${JSON.stringify(target)} gets 400 and reaches nobody`, async () => {
    const seen = proxy.origin.requests.length
    const response = await proxy.pass(`GET ${target}`)
    assert.equal(response.status, 400)
    assert.match(response.one('X-Torhaus-Error') ?? '', /^(target|request)-malformed$/)
    assert.equal(proxy.origin.requests.length, seen)
  })
}

test('OPTIONS * reaches the origin as such', async () => {
  assert.equal((await proxy.pass('OPTIONS *')).status, 200)
  assert.equal(proxy.origin.requests.at(-1)?.target, '*')
})

test('every method reaches the origin', async () => {
  const methods =
    'GET HEAD POST PUT PATCH DELETE OPTIONS PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH MERGE QUERY'
  for (const method of methods.split(' ')) {
    assert.equal((await proxy.pass(`${method} /method`)).status, 200, method)
    assert.equal(proxy.origin.requests.at(-1)?.method, method)
  }
})

test('CONNECT and TRACE get 405 and reach nobody', async () => {
  const seen = proxy.origin.requests.length
  assert.equal((await proxy.pass('TRACE /')).status, 405)
  assert.equal((await proxy.pass('CONNECT 127.0.0.1:1')).status, 405)
  assert.equal(proxy.origin.requests.length, seen)
})
