/** The indexes of sessions are lost: what ends everything of a person ends it all the same. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { promisify } from 'node:util'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { RedisSessionStore } from '../../src/session/redis-session-store.ts'
import type { SessionSelector } from '../../src/session/session-store.ts'
import { system } from '../../src/system.ts'
import type { GrantsLab } from '../grants/grants-lab.ts'
import type { Person } from '../grants/person.ts'
import { sampleSession } from '../session/store-contract.ts'
import { startSharedLabs } from './shared-labs.ts'

const TIMES = { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 3600 }
const { accountKey, subject } = sampleSession()
let redis: RedisProcess

before(async () => {
  redis = await startRedis()
})
beforeEach(() => redis.cli('FLUSHALL'))
after(() => redis.close())

const loseIndexes = () =>
  redis.cli('EVAL', "return redis.call('DEL', unpack(redis.call('KEYS', '*:sessions-by-*')))", '0')

const ENDINGS: readonly (readonly [SessionSelector, readonly string[]])[] = [
  [{ accountKey }, ['other-account']],
  [{ subject }, ['other-subject']],
  [{ subject, opSessionId: 'sid' }, ['other-account', 'other-sid', 'other-subject']],
]
for (const [selector, left] of ENDINGS)
  test(`with the indexes lost, sessions of ${Object.keys(selector).join(' and ')} end, at every process, and no others`, async () => {
    const links = await Promise.all([openLink(redisSettings([redis.url])), openLink(redisSettings([redis.url]))])
    const [one, other] = links.map(({ link, names }) => new RedisSessionStore(link, names, TIMES, system))
    assert.ok(one && other)
    try {
      const sessions = [
        sampleSession({ key: 'meant' }),
        sampleSession({ key: 'other-account', accountKey: storedAccountKey('another'), opSessionId: 'sid-2' }),
        sampleSession({ key: 'other-subject', subject: 'another' }),
        sampleSession({ key: 'other-sid', opSessionId: 'sid-3' }),
      ]
      for (const session of sessions) await one.createSession(session)
      const passing = async (store: RedisSessionStore) => {
        const found = await Promise.all(sessions.map(({ key }) => store.readSession(key)))
        return found.flatMap(session => session?.key ?? [])
      }
      assert.equal((await passing(other)).length, sessions.length)
      await loseIndexes()
      await one.deleteSessions(selector)
      other.expire(false)
      for (const store of [one, other]) assert.deepEqual((await passing(store)).sort(), left)
      // What the OP says late brings nobody back.
      for (const { key } of sessions) assert.equal(await other.saveRefresh(key, 1, 'sealed'), left.includes(key), key)
      await other.createSession(sampleSession({ key: 'meant' }))
      for (const store of [one, other]) assert.ok((await passing(store)).includes('meant'), 'who signs in again is in')
    } finally {
      for (const { link } of links) link.close()
    }
  })

test('a use that is noted enters the session in the indexes again', async () => {
  const { link, names } = await openLink(redisSettings([redis.url]))
  try {
    const store = new RedisSessionStore(link, names, TIMES, system)
    await store.createSession(sampleSession())
    await loseIndexes()
    assert.deepEqual(await store.sessionsOf({ accountKey }), [])
    await store.touchSession('key-1', 20_000)
    for (const selector of [{ accountKey }, { subject }, { opSessionId: 'sid' }])
      assert.equal((await store.sessionsOf(selector)).length, 1)
  } finally {
    link.close()
  }
})

const cookieOf = (person: Person) => `Cookie: torhaus=${person.cookies.get('torhaus')?.value}`
const bySession = async (lab: GrantsLab, person: Person) => (await lab.ask('GET /', [cookieOf(person)])).status

test('"sign out everywhere" and the command of the operator end what no index names, at every machine', async () => {
  const shared = await startSharedLabs(2, { urls: [redis.url] }, { session: { cacheMs: 60_000 } })
  try {
    const [one, other] = shared.labs as [GrantsLab, GrantsLab]
    const program = join(import.meta.dirname, '../../bin/torhaus.mjs')
    const args = ['sessions', 'end', '--config', one.fixture.configFile, '--account', 'ada']
    const endings = [
      async (person: Person) => void (await one.press(person, '/.torhaus/sign-out-everywhere')),
      async () => {
        const ended = promisify(execFile)(process.execPath, [program, ...args], { timeout: 180_000 })
        // Nothing was found, and that is said; what is there has ended all the same.
        await assert.rejects(ended, ({ code, stdout }) => code === 3 && /listed or not/.test(stdout))
      },
    ]
    for (const end of endings) {
      const people = [await one.person(), await one.person()]
      for (const lab of [one, other]) for (const person of people) assert.equal(await bySession(lab, person), 200)
      await loseIndexes()
      await end(people[0] as Person)
      for (const lab of [one, other])
        for (const person of people)
          await eventually(async () => (await bySession(lab, person)) !== 200, 'the session ends')
    }
  } finally {
    await shared.close()
  }
})
