import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConnectionAttack } from '../../devkit/attack/connection-attack.ts'
import {
  holdLargeUploads,
  holdMadeUpPats,
  holdPreflights,
  holdTokenExchanges,
} from '../../devkit/attack/connection-attacks.ts'
import { chunked, requestText } from '../../devkit/clients/raw-http.ts'
import { echo } from '../../devkit/origin/echo-origin.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const MAX_CONNECTIONS = 32
const SHARE = MAX_CONNECTIONS / 8
let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({ configure: configured({ rateGraceMs: 60_000 }, { maxConnections: MAX_CONNECTIONS }) })
})
after(() => proxy.close())

const inFlight = async () =>
  (await proxy.metric('torhaus_upstream_connections')) - (await proxy.metric('torhaus_upstream_idle_connections'))

async function under(attack: ConnectionAttack, work: () => Promise<void>): Promise<void> {
  const running = await attack.start({ port: proxy.fixture.port })
  try {
    await work()
  } finally {
    await running.stop()
  }
}

for (const attack of [holdTokenExchanges(64), holdPreflights(64), holdMadeUpPats(64)]) {
  test(`${attack.name} hold no connection to the server, and everybody else is served`, async () => {
    proxy.origin.answerWith(echo)
    await under(attack, async () => {
      for (let round = 0; round < 3; round++) {
        assert.equal((await proxy.ask('GET /person', [proxy.bearerField])).status, 200)
        assert.equal((await proxy.ask('POST /tfs/_apis/oauth2/token', ['Content-Length: 2'], 'ok')).status, 200)
      }
      // Two numbers, and a connection may close between them.
      await eventually(async () => (await inFlight()) === 0, 'none is held')
    })
  })
}

test('large uploads of nobody known hold their share of the connections and no more', async () => {
  proxy.origin.answerWith(echo)
  await under(holdLargeUploads(64), async () => {
    await proxy.origin.arrived('/tfs/demo/_git/demo/git-receive-pack')
    assert.equal((await proxy.ask('GET /person', [proxy.bearerField])).status, 200)
    assert.equal((await proxy.pass('GET /agent')).status, 200)
    const held = await inFlight()
    assert.ok(held <= SHARE, `${held} connections`)
    // One address has half of it at most: the other half is for whoever else pushes.
    assert.ok(held <= SHARE / 2, `${held} connections of one address`)
  })
})

for (const [framing, encode] of [
  ['a length', (content: string) => [[`Content-Length: ${content.length}`], content]],
  ['chunks', (content: string) => [['Transfer-Encoding: chunked'], chunked(content, ['X-Checksum: 1'])]],
] as const) {
  for (const bytes of [1, 65_535, 65_536, 65_537, 3_000_000]) {
    test(`${bytes} bytes with ${framing} of a token nobody knows arrive whole`, async () => {
      proxy.origin.answerWith(echo)
      const [fields, content] = encode('x'.repeat(bytes)) as [string[], string]
      const unknown = `Authorization: Basic ${btoa(`:${'b'.repeat(52)}`)}`
      const response = await proxy.ask('POST /push', [unknown, ...fields], content)
      assert.equal(JSON.parse(response.text).bytes, bytes)
      assert.equal(await inFlight(), 0)
    })
  }
}

test('a token the server has accepted before is not held up', async () => {
  proxy.origin.answerWith((_, response) => response.end('ok'))
  assert.equal((await proxy.pass('GET /first')).status, 200)
  const connection = await proxy.connect()
  connection.send(requestText('POST /begun', [proxy.host, patField, 'Content-Length: 1000'], 'x'))
  assert.equal((await proxy.origin.arrived('/begun')).target, '/begun')
})

test('a client that goes away while its content is kept leaves nothing behind', async () => {
  const connection = await proxy.connect()
  connection.send(requestText('POST /tfs/gone/_apis/oauth2/token', [proxy.host, 'Content-Length: 1000'], 'x'))
  while ((await proxy.metric('torhaus_unproven_content_bytes')) === 0) await new Promise(setImmediate)
  connection.close()
  await proxy.fixture.logged(
    entry => entry['url.path'] === '/tfs/gone/_apis/oauth2/token' && entry['torhaus.outcome'] === 'aborted',
  )
  assert.equal(await proxy.metric('torhaus_unproven_content_bytes'), 0)
})
