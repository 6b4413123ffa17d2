/** Redis tells by itself which of our keys changed, whoever changes them; or it is known that it does not. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { openStores } from '../../src/app/open-stores.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { type Change, Changes } from '../../src/store/changes.ts'
import { trackingClient } from '../../src/store/redis-driver.ts'
import { RedisTracking } from '../../src/store/redis-tracking.ts'
import { system } from '../../src/system.ts'
import { PERSON } from '../session/session-lab.ts'
import { documentedUser } from './documented-user.ts'

let redis: RedisProcess
before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

const EVERY_MS = 50
const KEY = Buffer.alloc(32, 7)

function track(url = redis.url) {
  const told: (string | 'missed')[] = []
  const open = trackingClient(redisSettings([url]), Math.random)
  assert.ok(open)
  const events = {
    changed: (names: ReadonlySet<string>) => told.push(...[...names].sort()),
    missed: () => told.push('missed'),
  }
  return { told, tracking: new RedisTracking(open, ['ours:'], EVERY_MS, events, system.monotonic) }
}

const isKnown = ({ tracking }: ReturnType<typeof track>) => tracking.knownUntilMs > system.monotonic() - 1000

test('keys of ours that are written, deleted or expire are told, whoever does it, and no others', async () => {
  const tracked = track()
  await using _ = tracked.tracking
  await eventually(() => isKnown(tracked), 'it is tracked')
  await redis.cli('SET', 'ours:1', 'a')
  await redis.cli('SET', 'theirs:1', 'a')
  await redis.cli('SET', 'ours:2', 'a', 'PX', '1')
  await redis.cli('EVAL', "return redis.call('DEL', KEYS[1])", '1', 'ours:1')
  await eventually(() => ['ours:1', 'ours:2'].every(name => tracked.told.includes(name)), 'both are told')
  assert.deepEqual([...new Set(tracked.told)].sort(), ['missed', 'ours:1', 'ours:2'])
  await redis.cli('FLUSHALL')
  await eventually(() => tracked.told.filter(name => name === 'missed').length === 2, 'everything is gone')
})

test('while Redis stands still or is away nothing more is known; afterwards everything may have changed', async () => {
  const tracked = track()
  await using _ = tracked.tracking
  await eventually(() => isKnown(tracked), 'it is tracked')
  redis.pause()
  const until = tracked.tracking.knownUntilMs
  await eventually(() => system.monotonic() - until > 1000, 'a second')
  assert.ok(tracked.tracking.knownUntilMs - until < 1000)
  redis.resume()
  await eventually(() => isKnown(tracked), 'it answers')
  await redis.kill()
  await eventually(() => tracked.tracking.knownUntilMs === Number.NEGATIVE_INFINITY, 'it is away')
  const before = tracked.told.length
  await redis.start()
  await eventually(() => isKnown(tracked), 'it is back')
  assert.deepEqual(tracked.told.slice(before), ['missed'])
})

test('the documented user may track, and one who may not makes nothing known', async () => {
  const rules = (await documentedUser('pass')).replace('user torhaus', '').trim().split(' ')
  await redis.cli('ACL', 'SETUSER', 'torhaus', ...rules)
  const tracked = track(redis.url.replace('redis://', 'redis://torhaus:pass@'))
  await using _ = tracked.tracking
  await eventually(() => isKnown(tracked), 'it is tracked')
  await redis.cli('ACL', 'SETUSER', 'torhaus', '-client|tracking')
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal')
  await eventually(() => !isKnown(tracked), 'nothing is known')
})

/** A process, as it is configured. */
async function openProcess(opened: AsyncDisposableStack) {
  const changes = new Changes()
  const heard: Change['kind'][] = []
  changes.subscribe(({ kind }) => heard.push(kind))
  let commands = 0
  const report = { command: () => commands++, changed: () => {}, clock: () => {}, malformed: () => {} }
  const times = { idleTimeoutSeconds: 7200, absoluteTimeoutSeconds: 86_400, cacheMs: 1000 }
  const session = { ...times, store: { kind: 'redis', redis: redisSettings([redis.url]) } } as never
  const stores = await openStores(session, changes, report, system, opened)
  let reads = 0
  const counted = new Proxy(stores.sessions, {
    get(target, name) {
      if (name === 'readSession') reads++
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  const sessions = new Sessions(
    counted,
    new Sealer([KEY]),
    { ...times, maxCached: 100, graceSeconds: 300, knownUntilMs: stores.knownUntilMs },
    changes,
    system,
  )
  return { stores, sessions, heard, reads: () => reads }
}

test('a session is not read again while Redis tells; its end, and that of everything of a person, is noticed without a message', async () => {
  await using opened = new AsyncDisposableStack()
  const one = await openProcess(opened)
  const known = () => one.stores.knownUntilMs?.() ?? Number.NEGATIVE_INFINITY
  await eventually(() => known() > system.monotonic() - 500, 'it is tracked')
  const tokens = { refreshToken: undefined, idToken: undefined }
  const [first, second] = [await one.sessions.open(PERSON, tokens), await one.sessions.open(PERSON, tokens)]
  // Once what was written is told.
  const written = system.monotonic()
  await eventually(() => known() > written, 'more is known')
  await one.sessions.find(first)
  const before = one.reads()
  const begun = known()
  await eventually(async () => {
    await one.sessions.find(first)
    return known() > begun + 1500
  }, 'longer than cacheMs')
  assert.equal(one.reads(), before)

  // By hands, so that nobody publishes anything.
  for (const name of (await redis.cli('KEYS', '*session:*')).split('\n')) {
    if ((await redis.cli('TYPE', name)) === 'hash') await redis.cli('DEL', name)
  }
  await eventually(async () => (await one.sessions.find(first)) === undefined, 'its end is noticed')
  assert.equal(await one.sessions.find(second), undefined)

  const third = await one.sessions.open(PERSON, tokens)
  assert.ok(await one.sessions.find(third))
  const other = await openProcess(opened)
  await other.sessions.endAll({ accountKey: PERSON.accountKey })
  await eventually(async () => (await one.sessions.find(third)) === undefined, 'everything of the person has ended')
  await eventually(() => one.heard.includes('sessions-ended'), 'Redis has told')
})
