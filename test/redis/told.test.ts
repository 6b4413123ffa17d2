import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { CACHE_MS, openProcess, settled, testTold, writeAll } from '../store/told-contract.ts'

let redis: RedisProcess
before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

const store = () => ({ kind: 'redis', redis: redisSettings([redis.url]) })

testTold(async () => {
  await redis.cli('FLUSHALL')
  return { store: store(), close: async () => undefined }
})

test('after Redis comes back with what a copy of it holds, that counts', async () => {
  await redis.cli('FLUSHALL')
  await using opened = new AsyncDisposableStack()
  const one = await openProcess(store(), opened)
  await eventually(one.isTold, 'it is told')
  await writeAll(one)
  await settled(one)
  const [token = ''] = (await redis.cli('KEYS', '*:pat:*')).split('\n')
  await redis.cli('HSET', token, 'blocked', '1')
  await redis.cli('SAVE')
  await redis.cli('HDEL', token, 'blocked')
  await settled(one)
  assert.equal((await one.state()).isBlocked, false)
  await redis.kill()
  // It loads what was saved.
  await redis.start()
  await eventually(async () => (await one.state()).isBlocked === true, 'the copy counts')
})

test('after Redis comes back with nothing, nothing of before counts', async () => {
  await redis.cli('FLUSHALL')
  await redis.cli('CONFIG', 'SET', 'save', '')
  await using opened = new AsyncDisposableStack()
  const one = await openProcess(store(), opened)
  await eventually(one.isTold, 'it is told')
  await writeAll(one)
  await settled(one)
  assert.deepEqual(await one.state(), { isBlocked: false, isWithdrawn: false, hasGrant: true })
  await redis.kill()
  await rm(join(redis.directory, 'dump.rdb'), { force: true })
  await redis.start()
  await eventually(async () => {
    const { isBlocked, hasGrant } = await one.state()
    return isBlocked === undefined && !hasGrant
  }, 'nothing counts')
  // Nothing that is told later brings it back.
  await eventually(one.isTold, 'it is told again')
  assert.equal((await one.state()).hasGrant, false)
})

test('where Redis may not tell, a block counts once an answer is too old to be believed by itself', async () => {
  await redis.cli('FLUSHALL')
  await using opened = new AsyncDisposableStack()
  await redis.cli('ACL', 'SETUSER', 'blind', 'on', '>pass', '~*', '&*', '+@all', '-client|tracking')
  const settings = redisSettings([redis.url.replace('redis://', 'redis://blind:pass@')])
  const one = await openProcess({ kind: 'redis', redis: settings }, opened)
  await writeAll(one)
  assert.equal((await one.state()).isBlocked, false)
  const [token = ''] = (await redis.cli('KEYS', '*:pat:*')).split('\n')
  await redis.cli('HSET', token, 'blocked', '1')
  await eventually(async () => (await one.state()).isBlocked === true, 'it counts', 3 * CACHE_MS)
  assert.equal(one.isTold(), false)
})
