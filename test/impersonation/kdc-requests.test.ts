import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { after, before, test } from 'node:test'
import { basic, bearer, seenAs } from './proxy-client.ts'
import { type ProxyLab, startProxyLab } from './proxy-lab.ts'

const REQUESTS = 10_000
const CONCURRENCY = 16
const PEOPLE = ['alice', 'bob', 'carol'] as const

let lab: ProxyLab

before(async () => {
  lab = await startProxyLab()
})
after(() => lab.close())

test(`${REQUESTS} requests of ${PEOPLE.length} principals cost the KDC no more than 10 requests`, async t => {
  const proxy = await lab.proxy()
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY })
  const headers = await Promise.all(PEOPLE.map(async name => bearer(await proxy.bearerOf(name))))
  const before = lab.kdc.requests()
  let next = 0
  const client = async () => {
    for (let turn = next++; turn < REQUESTS; turn = next++) {
      const index = turn % PEOPLE.length
      const { body } = await proxy.ask('/whoami', { headers: headers[index] ?? {}, agent })
      assert.equal(body, seenAs(PEOPLE[index] ?? ''))
    }
  }
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, client))
  } finally {
    agent.destroy()
  }
  const after = lab.kdc.requests()
  const [as, tgs] = [after.as - before.as, after.tgs - before.tgs]
  t.diagnostic(`${as} AS-REQ, ${tgs} TGS-REQ`)
  assert.ok(as + tgs <= 10, `${as} AS-REQ, ${tgs} TGS-REQ`)
  assert.equal(await proxy.metric('torhaus_impersonations_total'), PEOPLE.length)
  await proxy.stop()
})

test('many first requests of one principal at once share one impersonation', async () => {
  const proxy = await lab.proxy()
  const headers = bearer(await proxy.bearerOf('alice'))
  const answers = await Promise.all(Array.from({ length: 40 }, () => proxy.ask('/whoami', { headers })))
  assert.deepEqual([...new Set(answers.map(({ body }) => body))], [seenAs('alice')])
  assert.equal(await proxy.metric('torhaus_impersonations_total'), 1)
  await proxy.stop()
})

test('tickets are kept for so many principals as configured, and those that come back are impersonated again', async () => {
  const proxy = await lab.proxy({
    configure: config => ({ ...config, kerberos: { ...config.kerberos, maxPrincipals: 2 } }),
  })
  for (const name of [...PEOPLE, ...PEOPLE]) {
    const headers = basic('', await proxy.bearerOf(name))
    assert.equal((await proxy.ask('/whoami', { headers })).body, seenAs(name))
  }
  assert.equal(await proxy.metric('torhaus_cached_principals'), 2)
  assert.equal(await proxy.metric('torhaus_impersonations_total'), 6)
  await proxy.stop()
})
