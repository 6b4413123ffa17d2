/** A Redis in which somebody took commands away, as guides to make it safer advise: that is told, and what to do. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { RedisSetUp } from '../../src/store/redis-set-up.ts'
import { startSharedLabs } from './shared-labs.ts'

const TAKEN_AWAY = ['EVALSHA', 'GETDEL', 'INFO', 'TIME', 'CLIENT']
let redis: RedisProcess

before(async () => {
  redis = await startRedis({ lines: TAKEN_AWAY.map(command => `rename-command ${command} ""`) })
})
after(() => redis?.close())

test('the check of the set-up names the commands that are needed, and those that it does without', async () => {
  const { link, names } = await openLink(redisSettings([redis.url]))
  try {
    const setUp = new RedisSetUp(link, names)
    for (const time of ['the first', 'the second']) {
      const found = await setUp.findings()
      assert.deepEqual(
        found.map(({ code }) => code),
        ['redis-commands', 'redis-time', 'redis-unseen'],
        `${time} time`,
      )
      assert.match(found[0]?.message ?? '', /EVALSHA.*GETDEL|GETDEL.*EVALSHA/)
      assert.match(found[0]?.remedy ?? '', /rename-command/)
    }
  } finally {
    await link.close()
  }
})

test('readiness, metric and log say that the store refuses, before anybody signs in', async () => {
  const shared = await startSharedLabs(1, { urls: [redis.url] })
  try {
    const [lab] = shared.labs
    assert.ok(lab)
    const { adminUrl, log } = lab.fixture
    assert.deepEqual(
      log
        .filter(record => record['event.action'] === 'store-check')
        .map(record => record['torhaus.finding'])
        .slice(0, 1),
      ['redis-commands'],
    )
    await eventually(async () => {
      const ready = (await (await fetch(`${adminUrl}/readyz`)).json()) as { parts: { store: string } }
      return ready.parts.store === 'refused'
    }, 'the store refuses')
    assert.equal(await lab.metric('torhaus_store_up'), 0)
    const told = log.findLast(record => record['event.action'] === 'store')
    assert.match(String(told?.['error.message']), /unknown command/i)
  } finally {
    await shared.close()
  }
})
