import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openLink, PREFIX, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { keyOf } from '../../src/session/opaque-id.ts'
import { RedisSessionStore } from '../../src/session/redis-session-store.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { Changes } from '../../src/store/changes.ts'
import { hashTag } from '../../src/store/redis-names.ts'
import { system } from '../../src/system.ts'
import { testHandOvers } from '../session/hand-over-contract.ts'
import { PERSON } from '../session/session-lab.ts'
import { sampleSession, sampleSignIn, testStoreContract } from '../session/store-contract.ts'

const ADA = storedAccountKey('ada@X')

const TIMES = { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 3600 }
const NOW_MS = 10_000
let redis: RedisProcess

before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

async function open() {
  await redis.cli('FLUSHALL')
  const opened = await Promise.all([openLink(redisSettings([redis.url])), openLink(redisSettings([redis.url]))])
  const [one, other] = opened.map(
    ({ link, names }) => new RedisSessionStore(link, names, TIMES, { ...system, now: () => NOW_MS }),
  )
  assert.ok(one !== undefined && other !== undefined)
  return {
    stores: [one, other] as const,
    async close() {
      for (const { link } of opened) link.close()
    },
  }
}

testStoreContract(open, { sweeps: false })
testHandOvers(open, NOW_MS)

const KEY = `${PREFIX}:1:session:{key-1}`
const ttlMs = async (key: string) => Number(await redis.cli('PTTL', key))

test('a session, its indexes, a sign-in and a claim end by themselves; use makes a session live longer, and never past its end', async () => {
  const { stores, close } = await open()
  const [store] = stores
  try {
    await store.createSession(sampleSession())
    assert.ok((await ttlMs(KEY)) > 590_000 && (await ttlMs(KEY)) <= 600_000)
    await redis.cli('PEXPIRE', KEY, '1000')
    await store.touchSession('key-1', 10_000 + 60_000)
    assert.ok((await ttlMs(KEY)) > 590_000)
    await store.touchSession('key-1', 10_000 + 3_500_000)
    assert.ok((await ttlMs(KEY)) <= 100_000, 'the absolute timeout comes first')
    await store.addSignIn(sampleSignIn(), 8)
    await store.claimOnce('jti', 1000, 61_000)
    const keys = (await redis.cli('KEYS', '*')).split('\n')
    assert.equal(keys.length, 8, keys.join())
    for (const key of keys) assert.ok((await ttlMs(key)) > 0, key)
  } finally {
    await close()
  }
})

test('a session that is used lives on after the clock was set back by more than the idle timeout', async () => {
  const { stores, close } = await open()
  try {
    const clock = { nowMs: 1_800_000_000_000 }
    const surroundings = { ...system, now: () => clock.nowMs }
    const times = { ...TIMES, cacheMs: 0, maxCached: 10 }
    const sessions = new Sessions(stores[0], new Sealer([Buffer.alloc(32, 7)]), times, new Changes(), surroundings)
    const id = await sessions.open(PERSON, { refreshToken: undefined, idToken: undefined })
    const [name = ''] = (await redis.cli('KEYS', '*:session:*')).split('\n')
    const isUsed = async () => {
      await redis.cli('PEXPIRE', name, '60000')
      assert.ok(await sessions.find(id))
    }
    const isLonger = async () => (await ttlMs(name)) > 590_000
    for (const setBackMs of [3_600_000, 400_000]) {
      clock.nowMs -= setBackMs
      await isUsed()
      await eventually(isLonger, `set back by ${setBackMs} ms, it lives longer`)
    }
    assert.equal((await stores[0].readSession(keyOf(id)))?.lastSeenAtMs, clock.nowMs)
    // As by a machine whose clock differs: what the other has seen stays.
    await stores[0].touchSession(keyOf(id), clock.nowMs - 200_000)
    assert.equal((await stores[0].readSession(keyOf(id)))?.lastSeenAtMs, clock.nowMs)
  } finally {
    await close()
  }
})

test('fields that a newer version added stay through every change, and nobody trips over them', async () => {
  const { stores, close } = await open()
  const [store] = stores
  try {
    await store.createSession(sampleSession())
    await redis.cli('HSET', KEY, 'added-later', 'kept')
    await store.touchSession('key-1', 20_000)
    await store.saveRefresh('key-1', 20_000, 'sealed again')
    assert.equal((await store.readSession('key-1'))?.sealedTokens, 'sealed again')
    assert.equal(await redis.cli('HGET', KEY, 'added-later'), 'kept')
  } finally {
    await close()
  }
})

test('an index entry without its session hides nothing: the session may be about to be written', async () => {
  const { stores, close } = await open()
  const [store] = stores
  try {
    const index = `${PREFIX}:1:sessions-by-account-key:{${hashTag('ada@X')}}`
    await store.createSession(sampleSession({ account: 'ada', accountKey: ADA }))
    // As between the two writes of a sign-in.
    await redis.cli('RENAME', KEY, 'aside')
    assert.deepEqual(await store.sessionsOf({ accountKey: ADA }), [])
    assert.deepEqual(await store.deleteSessions({ accountKey: ADA }), [])
    await redis.cli('RENAME', 'aside', KEY)
    assert.deepEqual(await store.deleteSessions({ accountKey: ADA }), [{ key: 'key-1', account: 'ada' }])
    assert.equal(await redis.cli('EXISTS', index), '0')
  } finally {
    await close()
  }
})

test('names of keys hold no account, no state and no id of the browser', async () => {
  const { stores, close } = await open()
  try {
    await stores[0].createSession(
      sampleSession({
        account: 'ada-lovelace',
        accountKey: storedAccountKey('ada-lovelace'),
        subject: 'subject-of-ada',
      }),
    )
    await stores[0].addSignIn(sampleSignIn({ state: 'state-of-ada', browserKey: 'browser-of-ada' }), 8)
    assert.doesNotMatch(await redis.cli('KEYS', '*'), /ada-lovelace|of-ada/)
  } finally {
    await close()
  }
})

test('what no Torhaus can have written is a fault, and never a session without an end', async () => {
  const { stores, close } = await open()
  const [store] = stores
  try {
    for (const [field, value] of [
      ['created', 'soon'],
      ['seen', ''],
    ] as const) {
      await store.createSession(sampleSession())
      await redis.cli('HSET', KEY, field, value)
      await assert.rejects(store.readSession('key-1'), { code: 'store-unavailable' }, `${field} ${value}`)
    }
    // How the person signed in is not known: nobody is signed in.
    for (const evidence of ['{', '7', '{}', '[]', 'null']) {
      await store.createSession(sampleSession())
      await redis.cli('HSET', KEY, 'evidence', evidence)
      assert.equal(await store.readSession('key-1'), undefined, evidence)
      assert.deepEqual(await store.sessionsOf({ accountKey: sampleSession().accountKey }), [])
    }
    await store.createSession(sampleSession())
    await redis.cli('HDEL', KEY, 'seen')
    await assert.rejects(store.readSession('key-1'), { code: 'store-unavailable' })
    await redis.cli('SET', KEY, 'no hash')
    await assert.rejects(store.readSession('key-1'), { code: 'store-unavailable' })
  } finally {
    await close()
  }
})

for (const [what, mayAskForTime] of [
  ['goes by the clock of Redis: machines a minute apart take it once', true],
  ['goes by the clock of the process for a user who may not ask for that of Redis', false],
] as const) {
  test(`the lease for a refresh ${what}`, async () => {
    await redis.cli('FLUSHALL')
    await redis.cli('ACL', 'SETUSER', 'default', mayAskForTime ? '+time' : '-time')
    const { link, names } = await openLink(redisSettings([redis.url]))
    try {
      const store = new RedisSessionStore(link, names, TIMES, { ...system, now: () => NOW_MS })
      await store.createSession(sampleSession())
      const nowMs = Date.now()
      assert.equal(await store.claimRefresh('key-1', nowMs, 15_000), true)
      assert.equal(await store.claimRefresh('key-1', nowMs + 60_000, 15_000), !mayAskForTime)
      assert.equal(await store.claimRefresh('key-1', nowMs + 61_000, 15_000), false)
    } finally {
      link.close()
      await redis.cli('ACL', 'SETUSER', 'default', '+time')
    }
  })
}
