import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { serverTokenIssuer } from '../../devkit/origin/identity.ts'
import { basic, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { AcceptedTokens } from '../../src/identity/accepted-tokens.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const serverToken = (name: string) =>
  `Authorization: Bearer ${part({ alg: 'RS256' })}.${part({ iss: serverTokenIssuer, name })}.c2ln`
const pat = (letter: string) => basic('', letter.repeat(52))

/** Whether a request whose content has only begun reaches the server. */
async function isStreamed(target: string, field: string): Promise<boolean> {
  const connection = await proxy.connect()
  connection.send(requestText(`POST ${target}`, [proxy.host, field, 'Content-Length: 1000'], 'x'))
  while ((await proxy.metric('torhaus_unproven_content_bytes')) === 0) {
    if (proxy.origin.requests.some(request => request.target === target)) return true
    await new Promise(setImmediate)
  }
  connection.close()
  await proxy.fixture.logged(entry => entry['url.path'] === target)
  return false
}

for (const [kind, known, unknown] of [
  ['personal access token', pat('e'), pat('f')],
  ['token of the server', serverToken('known'), serverToken('unknown')],
] as const) {
  const path = `/${kind.replaceAll(' ', '-')}`

  test(`a ${kind} that the server refuses stays unknown`, async () => {
    proxy.origin.answerWith((_, response) => response.writeHead(401).end())
    assert.equal((await proxy.ask('GET /', [unknown])).status, 401)
    assert.equal(await isStreamed(`${path}-refused`, unknown), false)
  })

  test(`a ${kind} that the server has accepted is somebody, and its content is streamed at once`, async () => {
    proxy.origin.answerWith((_, response) => response.end('ok'))
    assert.equal((await proxy.ask('GET /', [known])).status, 200)
    assert.equal(await isStreamed(`${path}-accepted`, known), true)
    assert.equal(await isStreamed(`${path}-other`, unknown), false)
  })
}

test('a token of the server is forgotten an hour after it was accepted last', () => {
  let now = 0
  const tokens = new AcceptedTokens(() => now)
  tokens.note('a')
  now += 3_599_000
  assert.deepEqual([tokens.has('a'), tokens.has('b')], [true, false])
  tokens.note('a')
  now += 3_599_000
  assert.equal(tokens.has('a'), true)
  now += 1000
  assert.equal(tokens.has('a'), false)
})
