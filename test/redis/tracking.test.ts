/** Redis tells by itself which of our keys changed, whoever changes them; or it is known that it does not. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { openStores } from '../../src/app/open-stores.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { type Change, Changes } from '../../src/store/changes.ts'
import { type OpenTracking, trackingClient } from '../../src/store/redis-driver.ts'
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
const MANY = 20_000
const KEY = Buffer.alloc(32, 7)

async function track(opened: AsyncDisposableStack, settings = redisSettings([redis.url])) {
  const told: (string | 'missed')[] = []
  const events = {
    changed: (names: ReadonlySet<string>) => told.push(...[...names].sort()),
    missed: () => told.push('missed'),
  }
  const { link, names } = await openLink(settings)
  opened.use(link)
  const open = trackingClient(settings, system)
  const tracking = opened.use(new RedisTracking(link, open, names, ['ours:'], EVERY_MS, events, system.monotonic))
  return { told, tracking }
}

const isKnown = ({ tracking }: { readonly tracking: RedisTracking }) =>
  tracking.knownUntilMs > system.monotonic() - 1000

test('keys of ours that are written, deleted or expire are told, whoever does it, and no others', async () => {
  await using opened = new AsyncDisposableStack()
  const tracked = await track(opened)
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
  await using opened = new AsyncDisposableStack()
  const tracked = await track(opened)
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

test('one that answers and is not read any more makes nothing known, and is left for the one that is', async () => {
  await using opened = new AsyncDisposableStack()
  const settings = redisSettings([redis.url])
  const { link, names } = await openLink(settings)
  opened.use(link)
  const other = opened.adopt(await startRedis(), process => process.close())
  let opens = 0
  const openAt = trackingClient(settings, system)
  // As behind an address that leads elsewhere from one day to the next.
  let isAway = true
  const open: OpenTracking = (url, isWanted) => {
    opens++
    return openAt(isAway ? other.url : url, isWanted)
  }
  const missed: number[] = []
  const events = { changed: () => undefined, missed: () => missed.push(1) }
  const tracking = opened.use(new RedisTracking(link, open, names, ['ours:'], EVERY_MS, events, system.monotonic))
  await eventually(() => opens > 3, 'it is opened again and again')
  assert.ok(Number(await other.cli('DBSIZE')) > 0, 'it was asked')
  assert.equal(tracking.knownUntilMs, Number.NEGATIVE_INFINITY)
  isAway = false
  await eventually(() => isKnown({ tracking }), 'it is read there again')
  assert.ok(missed.length > 1)
})

test('of many thousand changes at once all are told', async () => {
  await using opened = new AsyncDisposableStack()
  const tracked = await track(opened)
  await eventually(() => isKnown(tracked), 'it is tracked')
  await redis.cli('EVAL', `for i = 1, ${MANY} do redis.call('SET', 'ours:' .. i, i, 'EX', 60) end`, '0')
  const writtenMs = system.monotonic()
  await eventually(() => tracked.tracking.knownUntilMs > writtenMs, 'more is known')
  assert.equal(new Set(tracked.told.filter(name => name !== 'missed')).size, MANY)
})

test('a Redis that is full makes nothing known, tells of what goes all the same, and is believed once there is room', async () => {
  await using opened = new AsyncDisposableStack()
  const tracked = await track(opened)
  await redis.cli('SET', 'ours:1', 'a')
  await eventually(() => isKnown(tracked), 'it is tracked')
  await redis.cli('CONFIG', 'SET', 'maxmemory', '1')
  try {
    await eventually(() => !isKnown(tracked), 'nothing more is known')
    tracked.told.length = 0
    await redis.cli('DEL', 'ours:1')
    await eventually(() => tracked.told.includes('ours:1'), 'it is told')
    assert.equal(isKnown(tracked), false)
  } finally {
    await redis.cli('CONFIG', 'SET', 'maxmemory', '0')
  }
  await eventually(() => isKnown(tracked), 'it is known again')
})

test('the documented user may track, and one who may not makes nothing known', async () => {
  const rules = (await documentedUser('pass')).replace('user torhaus', '').trim().split(' ')
  await redis.cli('ACL', 'SETUSER', 'torhaus', ...rules)
  await using opened = new AsyncDisposableStack()
  await using directory = await mkdtempDisposable(join(tmpdir(), 'torhaus-tracking-'))
  const passwordFile = join(directory.path, 'password')
  await writeFile(passwordFile, 'pass')
  const tracked = await track(
    opened,
    redisSettings([redis.url], { keyPrefix: 'torhaus', username: 'torhaus', passwordFile }),
  )
  await eventually(() => isKnown(tracked), 'it is tracked')
  await redis.cli('ACL', 'SETUSER', 'torhaus', '-client|tracking')
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal')
  await eventually(() => !isKnown(tracked), 'nothing is known')
})

/** A process, as it is configured. */
async function openProcess(opened: AsyncDisposableStack, cacheMs = 1000) {
  const changes = new Changes()
  const heard: Change['kind'][] = []
  changes.subscribe(({ kind }) => heard.push(kind))
  let commands = 0
  const report = { command: () => commands++, changed: () => {}, clock: () => {}, malformed: () => {} }
  const times = { idleTimeoutSeconds: 7200, absoluteTimeoutSeconds: 86_400, cacheMs }
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

test('that everything of one person has ended makes nobody else be read again, found by an index or not', async () => {
  await using opened = new AsyncDisposableStack()
  // Redis is asked whose it was for so long that a stall of this process makes no difference.
  const [one, other] = [await openProcess(opened, 6000), await openProcess(opened, 6000)]
  const known = () => one.stores.knownUntilMs?.() ?? Number.NEGATIVE_INFINITY
  const tokens = { refreshToken: undefined, idToken: undefined }
  const bob = { ...PERSON, subject: 'subject-of-bob', account: 'bob', accountKey: storedAccountKey('bob') }
  const [ended, left] = [await one.sessions.open(PERSON, tokens), await one.sessions.open(bob, tokens)]
  await redis.cli('EVAL', "return redis.call('DEL', unpack(redis.call('KEYS', '*:sessions-by-*')))", '0')
  const written = system.monotonic()
  await eventually(() => known() > written, 'what was written is told')
  for (const id of [ended, left]) assert.ok(await one.sessions.find(id))
  await other.sessions.endAll({ subject: PERSON.subject })
  await eventually(() => one.heard.includes('sessions-ended'), 'Redis has told')
  const before = one.reads()
  assert.ok(await one.sessions.find(left))
  assert.equal(one.reads(), before)
  assert.equal(await one.sessions.find(ended), undefined)
  assert.equal(one.reads(), before + 1)
})
