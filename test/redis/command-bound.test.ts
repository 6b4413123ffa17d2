import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redisSettings } from '../../devkit/redis/redis-lab.ts'
import { startRedis } from '../../devkit/redis/redis-process.ts'
import { openRedisDriver } from '../../src/store/redis-driver.ts'

const MAX_COMMANDS = 10_000

test('while Redis stands still 10,000 commands wait for it, and the newest is refused at once', async () => {
  const redis = await startRedis()
  const subscription = { channel: 'c', receive: () => undefined, connected: () => undefined, random: () => 0.5 }
  const driver = await openRedisDriver(redisSettings([redis.url]), subscription, new AbortController().signal)
  try {
    await driver.send('k', ['PING'])
    redis.pause()
    const waiting = Array.from({ length: MAX_COMMANDS }, () => driver.send('k', ['PING']))
    await assert.rejects(driver.send('k', ['PING']), /queue is full/i)
    redis.resume()
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['PONG']))
    assert.equal(await driver.send('k', ['PING']), 'PONG')
  } finally {
    redis.resume()
    await driver.close()
    await redis.close()
  }
})
