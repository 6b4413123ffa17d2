import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import type { PatConfirmation } from '../../src/pats/pat-confirmation-store.ts'
import { RedisPatConfirmationStore } from '../../src/pats/redis-pat-confirmation-store.ts'
import { testPatConfirmationStore } from '../pats/pat-confirmation-store-contract.ts'

let redis: RedisProcess
before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

testPatConfirmationStore(async () => {
  await redis.cli('FLUSHALL')
  const settings = redisSettings([redis.url])
  const [one, other] = [await openLink(settings), await openLink(settings)]
  return {
    stores: [
      new RedisPatConfirmationStore(one.link, one.names),
      new RedisPatConfirmationStore(other.link, other.names),
    ],
    async close() {
      one.link.close()
      other.link.close()
    },
  }
})

for (const fingerprint of ['old', 'new'])
  test(`what is withdrawn for the ${fingerprint} fingerprint while decisions move stays withdrawn`, async () => {
    await redis.cli('FLUSHALL')
    const { link, names } = await openLink(redisSettings([redis.url]))
    await using _link = link
    const store = new RedisPatConfirmationStore(link, names)
    const confirmed: PatConfirmation = {
      ...{ accountKey: storedAccountKey('ada'), fingerprint: 'old', network: '192.0.2.0/24', isWithdrawn: false },
      ...{ decidedAtMs: Date.now(), expiresAtMs: Date.now() + 86_400_000 },
    }
    await store.keepConfirmation(confirmed)
    let isWithdrawn = false
    const withdrawing = {
      run: link.run.bind(link),
      async call(key: string, ...args: readonly string[]) {
        const reply = await link.call(key, ...args)
        // Between what is read of the old one and what is written.
        if (args[0] === 'HGETALL' && key.includes('{old}') && !isWithdrawn) {
          isWithdrawn = true
          const decidedAtMs = confirmed.decidedAtMs + 1
          await store.keepConfirmation({ ...confirmed, fingerprint, isWithdrawn, decidedAtMs })
        }
        return reply
      },
    }
    await new RedisPatConfirmationStore(withdrawing, names).moveConfirmations('old', 'new')
    assert.deepEqual(
      (await store.confirmationsFor('new')).map(known => known.isWithdrawn),
      [true],
    )
    assert.deepEqual(await store.confirmationsFor('old'), [])
  })
