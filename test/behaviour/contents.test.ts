/**
 * Everything that can become of content, at the same time and with TLS on both sides: slow and quick clients, both
 * framings, 100 Continue, early answers, pipelining, and whoever breaks off. Every octet is compared at both ends; nothing
 * may be left of it. The same at full size: `npm run loadtest -- --contents`.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ContentsOrigin, startContentsOrigin } from '../../devkit/contents/contents-origin.ts'
import { playContents } from '../../devkit/contents/play-contents.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { memoryInUse } from '../../devkit/torhaus/memory-in-use.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const CLIENTS = 64
const EXCHANGES_EACH = 2
const BYTES = 500_000
const ROUNDS = 3
/** What all rounds after the first may leave outside of the heap: 24 KB for each exchange. */
const MAX_LEFT_BYTES = 6 << 20
const PATIENCE_MS = 60_000

let certificate: Certificate
let origin: ContentsOrigin
let proxy: ProxyUnderTest
before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  const { certificateFile, privateKeyFile, certificate: cert, privateKey: key } = certificate
  origin = await startContentsOrigin({ cert, key })
  const tls = { certificateFile, privateKeyFile }
  proxy = await startProxy({
    upstreamUrl: origin.url,
    configure: configured({ tls }, { tls: { caFile: certificateFile } }),
  })
})
after(async () => {
  await proxy?.close()
  await origin?.[Symbol.asyncDispose]()
  await certificate?.remove()
})

const GAUGES = [
  ...['torhaus_client_connections', 'torhaus_pipelined_requests', 'torhaus_unproven_content_bytes'],
  ...['torhaus_upstream_queued_requests', 'torhaus_upstream_unproven_requests'],
]

/** What is held for somebody; the connections to the server that wait for the next request are not. */
async function held(): Promise<Record<string, number>> {
  const values = await Promise.all(GAUGES.map(async name => [name, await proxy.metric(name)] as const))
  const [all, idle] = [
    await proxy.metric('torhaus_upstream_connections'),
    await proxy.metric('torhaus_upstream_idle_connections'),
  ]
  return Object.fromEntries([...values, ['busy', all - idle], ['unknown to us', (await origin.connections()) - all]])
}

async function expectNothingHeld(): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const values = await held()
    if (Object.values(values).every(value => value === 0)) return
    assert.ok(performance.now() < deadline, JSON.stringify(values))
    await sleep(50)
  }
}

test('64 clients at a time send and get every octet as it was sent, whatever becomes of the others, and nothing is left', async t => {
  const outside: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const played = await playContents({
      port: proxy.fixture.port,
      ca: certificate.certificate,
      host: proxy.host,
      credentials: [proxy.bearerField, patField, proxy.bearerField],
      clients: CLIENTS,
      exchangesEach: EXCHANGES_EACH,
      bytes: BYTES,
      firstStream: round * CLIENTS * EXCHANGES_EACH,
    })
    assert.deepEqual([...played.mistakes, ...origin.mistakes], [])
    assert.equal(played.exchanges, CLIENTS * EXCHANGES_EACH)
    await expectNothingHeld()
    const memory = await memoryInUse()
    outside.push(memory.outside)
    t.diagnostic(`round ${round}: ${JSON.stringify(memory)}`)
  }
  const [first = 0, last = 0] = [outside[0], outside.at(-1)]
  assert.ok(last - first < MAX_LEFT_BYTES, `${outside.join(', ')} octets outside of the heap`)
})
