import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configured, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { RequestRate } from '../../src/limits/request-rate.ts'

test('so many at once pass, then so many a second, each who asks for itself', () => {
  let now = 1_000
  const rate = new RequestRate({ perSecond: 2, burst: 3 }, () => now)
  assert.deepEqual(
    [1, 2, 3].map(() => rate.take('a')),
    [undefined, undefined, undefined],
  )
  assert.equal(rate.take('a'), 1)
  assert.equal(rate.take('b'), undefined)
  now += 500
  assert.equal(rate.take('a'), undefined)
  assert.equal(rate.take('a'), 1)
  now += 60_000
  assert.deepEqual(
    [1, 2, 3, 4].map(() => rate.take('a')),
    [undefined, undefined, undefined, 1],
  )
})

test('a refused request does not make the next one wait longer', () => {
  let now = 0
  const rate = new RequestRate({ perSecond: 1, burst: 1 }, () => now)
  assert.equal(rate.take('a'), undefined)
  for (let attempt = 0; attempt < 100; attempt++) assert.equal(rate.take('a'), 1)
  now += 1000
  assert.equal(rate.take('a'), undefined)
})

/** By a clock that stands still: however long the requests take, nothing is given back. */
const limit = { perSecond: 1, burst: 3 }
const monotonic = () => 1_000

for (const [option, others] of [
  ['requestsPerClient', 429],
  ['requestsPerAccount', 200],
] as const) {
  test(`with ${option}, one request too many gets 429 with Retry-After`, async () => {
    const proxy = await startProxy({ monotonic, configure: configured({}, {}, { shares: { [option]: limit } }) })
    try {
      proxy.origin.answerWith((_, response) => response.end('ok'))
      for (let round = 0; round < 3; round++) assert.equal((await proxy.ask('GET /', [proxy.bearerField])).status, 200)
      const refused = await proxy.ask('GET /', [proxy.bearerField])
      assert.equal(refused.status, 429)
      assert.equal(refused.one('X-Torhaus-Error'), 'rate-limited')
      assert.match(refused.one('Retry-After') ?? '', /^[12]$/)
      assert.equal((await proxy.record(refused))['torhaus.stage'], 'limit-rate')
      assert.equal((await proxy.pass('GET /')).status, others)
    } finally {
      await proxy.close()
    }
  })
}
