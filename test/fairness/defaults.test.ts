import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConnectionAttack } from '../../devkit/attack/connection-attack.ts'
import {
  drip,
  holdLargeUploads,
  holdMadeUpPats,
  holdPreflights,
  holdTokenExchanges,
  pipelineGets,
} from '../../devkit/attack/connection-attacks.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
  proxy.origin.answerWith((request, response) => {
    if (!request.url?.startsWith('/pipelined')) response.end('ok')
  })
})
after(() => proxy.close())

const attacks: readonly ConnectionAttack[] = [
  ...[holdTokenExchanges(), holdPreflights(), holdMadeUpPats(), holdLargeUploads(128)],
  ...[drip('content'), drip('chunk'), drip('trailer'), pipelineGets(600)],
]

for (const attack of attacks) {
  test(`under ${attack.name}, people are served in the default configuration, and nothing is left afterwards`, async () => {
    const running = await attack.start({ port: proxy.fixture.port })
    try {
      for (let round = 0; round < 5; round++)
        assert.equal((await proxy.ask('GET /person', [proxy.bearerField])).text, 'ok')
      const held = await proxy.metric('torhaus_upstream_unproven_requests')
      assert.ok(held <= 64, `${held} connections`)
    } finally {
      await running.stop()
    }
    for (const name of [
      'torhaus_upstream_unproven_requests',
      'torhaus_unproven_content_bytes',
      'torhaus_pipelined_requests',
    ])
      await eventually(async () => (await proxy.metric(name)) === 0, `${name} becomes 0`)
  })
}
