/** A Redis that reads its data after a restart takes messages, and has nothing else yet: that is told as what it is. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { type SharedLabs, startSharedLabs } from './shared-labs.ts'

let redis: RedisProcess
let shared: SharedLabs

before(async () => {
  redis = await startRedis({
    lines: ['enable-debug-command yes', 'key-load-delay 5000', 'loading-process-events-interval-bytes 1024'],
  })
  await redis.cli('DEBUG', 'POPULATE', '3000', 'filler', '100')
  shared = await startSharedLabs(1, { urls: [redis.url] })
})
after(async () => {
  await shared?.close()
  await redis?.close()
})

test('while Redis loads, the store is away for readiness, metric and log, and people who are known go on', async () => {
  const [lab] = shared.labs
  assert.ok(lab)
  const person = await lab.person()
  const { adminUrl, log, url } = lab.fixture
  const storeIs = (expected: string) =>
    eventually(async () => {
      const answer = await fetch(`${adminUrl}/readyz`)
      return ((await answer.json()) as { parts: { store: unknown } }).parts.store === expected
    }, `the store is ${expected}`)
  await storeIs('available')
  await redis.cli('SAVE')
  await redis.kill()
  const back = redis.start()
  await storeIs('away')
  await eventually(() => log.some(isAway), 'the log has it')
  assert.match(await redis.cli('PING'), /LOADING/)
  assert.equal(await lab.metric('torhaus_store_up'), 0)
  assert.equal((await person.send(`${url}/`)).status, 200)
  await back
  await storeIs('available')
  assert.equal(await lab.metric('torhaus_store_up'), 1)
})

const isAway = (record: Readonly<Record<string, unknown>>) =>
  record['torhaus.store'] === 'away' && /LOADING/.test(String(record['error.message']))
