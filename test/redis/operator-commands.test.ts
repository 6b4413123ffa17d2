/** The operator's commands on sessions, where Redis is away or refuses: what has not happened, why, and what to do. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createPlace } from '../../devkit/mistakes/place.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { endSessions, listSessions } from '../logout/end-sessions-program.ts'

let redis: RedisProcess
before(async () => {
  redis = await startRedis()
})
after(() => redis?.close())

function placeWith(url: string, more = '') {
  const place = createPlace()
  place.edit('sqlite: { file: data/torhaus.sqlite }', `kind: redis, redis: { urls: ['${url}']${more} }`)
  return place
}

const REMEDY = /\. `torhaus doctor` says what is wrong with it; once it can be used, run the command again\n$/

test('where Redis is away, nothing has been ended, and nobody can be listed', async () => {
  using place = placeWith(`redis://127.0.0.1:${await freePort()}`)
  const person = ['--config', place.configFile, '--account', 'ada']
  const ended = await endSessions(...person)
  assert.match(ended.error, /^nothing has been ended: Redis \(redis:\S+\) cannot be used: connect ECONNREFUSED /)
  const listed = await listSessions(...person)
  assert.match(listed.error, /^nobody can be listed: Redis \(redis:\S+\) cannot be used: connect ECONNREFUSED /m)
  for (const { code, out, error } of [ended, listed]) {
    assert.deepEqual([code, out], [1, ''])
    assert.match(error, REMEDY)
  }
})

test('where Redis was reached and then refuses, it is not said that nothing has been ended', async () => {
  using place = placeWith(redis.url)
  await redis.cli('ACL', 'SETUSER', 'default', '-@read', '-@write', '-@scripting')
  try {
    const { code, out, error } = await endSessions('--config', place.configFile, '--account', 'ada')
    assert.match(
      error,
      /^sessions and confirmations may not all have ended: Redis \(redis:\S+\) cannot be used: NOPERM /,
    )
    assert.match(error, REMEDY)
    assert.deepEqual([code, out], [1, ''])
  } finally {
    await redis.cli('ACL', 'SETUSER', 'default', '+@all')
  }
})

test('where Redis refuses the password, nothing has been ended', async () => {
  using place = placeWith(redis.url, ', username: nobody, passwordFile: password')
  place.write('password', 'wrong')
  const args = ['--config', place.configFile, '--account', 'ada']
  assert.match((await endSessions(...args)).error, /^nothing has been ended: Redis refuses the user or the password: /)
})
