/** Redis goes away, stands still, comes back: what goes on meanwhile, and what is refused. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { type GrantsLab, linkIn } from '../grants/grants-lab.ts'
import type { Person } from '../grants/person.ts'
import { rightClaims } from '../logout/logout-lab.ts'
import { type SharedLabs, startSharedLabs } from './shared-labs.ts'

const GRACE_S = 300
/** Everything is read again for each request, and the key of the sessions outlives a restart. */
const CACHE_NOTHING = { session: { cacheMs: 0 }, key: randomBytes(32) }

let redis: RedisProcess
let shared: SharedLabs
let lab: GrantsLab

beforeEach(async () => {
  redis = await startRedis({ lines: ['appendonly yes', 'appendfsync always'] })
  shared = await startSharedLabs(1, { urls: [redis.url], graceSeconds: GRACE_S }, CACHE_NOTHING)
  lab = shared.labs[0] as GrantsLab
})
afterEach(async () => {
  await shared.close()
  await redis.close()
})

const cookieOf = (person: Person) => `Cookie: torhaus=${person.cookies.get('torhaus')?.value}`
const bySession = async (person: Person) => {
  const answer = await lab.ask('GET /', [cookieOf(person)])
  return answer.one('X-Torhaus-Error') ?? answer.status
}
const ready = async () => {
  const response = await fetch(`${lab.fixture.adminUrl}/readyz`)
  return { status: response.status, ...((await response.json()) as { parts: Record<string, string> }) }
}
const isAway = async () => (await ready()).parts.store === 'away'

test('a session, a grant and a token that are known live on for the grace, whether known as blocked or not known at all; then they are refused', async () => {
  const person = await lab.person()
  await lab.confirm(person, linkIn((await lab.asProgram()).text))
  assert.equal(await bySession(person), 200)
  assert.equal((await lab.asProgram()).status, 200)
  assert.equal((await lab.ask('GET /', [patField])).status, 200)
  await redis.kill()
  await eventually(isAway, 'Redis is known to be away')
  assert.equal(await bySession(person), 200)
  assert.equal((await lab.asProgram()).status, 200)
  assert.equal((await lab.ask('GET /', [patField])).status, 200)
  lab.turnClock(GRACE_S)
  assert.equal(await bySession(person), 'store-unavailable')
  assert.equal((await lab.asProgram()).status, 503)
  assert.equal((await lab.ask('GET /', [patField])).status, 503)
})

test('what needs the store is refused with 503 while it is away: sessions not known, sign-in, sign-out, new links', async () => {
  const [known, unknown] = [await lab.person(), await lab.person()]
  // Known until here; the sign-in of another says nothing of it.
  assert.equal(await bySession(known), 200)
  await shared.close()
  shared = await startSharedLabs(1, { urls: [redis.url] }, CACHE_NOTHING)
  lab = shared.labs[0] as GrantsLab
  assert.equal(await bySession(known), 200)
  await redis.kill()
  await eventually(isAway, 'Redis is known to be away')
  assert.equal(await bySession(unknown), 'store-unavailable')
  const { url } = lab.fixture
  const signIn = await new BrowserClient().send(`${url}/.torhaus/sign-in`)
  assert.deepEqual([signIn.status, codeOf(signIn)], [503, 'store-unavailable'])
  assert.ok(signIn.headers.get('retry-after'))
  const signOut = await known.send(`${url}/.torhaus/sign-out`, { method: 'POST', origin: url })
  assert.deepEqual([signOut.status, codeOf(signOut)], [503, 'store-unavailable'])
  assert.ok(!known.cookies.has('torhaus'), 'whoever wants to leave keeps no cookie')
  assert.equal((await lab.asProgram()).one('X-Torhaus-Error'), 'store-unavailable')
})

test('a restart of Redis ends no session, and the instance stays ready throughout, saying how its store is', async () => {
  const person = await lab.person()
  assert.equal(await bySession(person), 200)
  assert.deepEqual((await ready()).parts.store, 'available')
  assert.equal(await lab.metric('torhaus_store_up'), 1)
  await redis.kill()
  await eventually(isAway, 'Redis is known to be away')
  assert.equal((await ready()).status, 200)
  assert.equal(await lab.metric('torhaus_store_up'), 0)
  assert.ok((await lab.metric('torhaus_store_errors_total')) > 0)
  await redis.start()
  await eventually(async () => !(await isAway()), 'Redis is back')
  assert.equal(await bySession(person), 200)
  assert.equal(await bySession(await lab.person()), 200)
  const states = lab.fixture.log.filter(record => record['event.action'] === 'store')
  assert.deepEqual(
    states.map(record => record['torhaus.store']),
    ['away', 'available'],
  )
  assert.match(String(states[0]?.['error.message']), /offline|closed|ECONNREFUSED/i)
})

test('a Redis that stands still holds nobody for long, and once it goes on all is as before', async () => {
  const [known, unknown] = [await lab.person(), await lab.person()]
  assert.equal(await bySession(known), 200)
  redis.pause()
  try {
    assert.equal(await bySession(known), 200)
    await eventually(isAway, 'Redis is known to be away')
    assert.equal(await bySession(known), 200)
    const errors = () => lab.metric('torhaus_store_errors_total')
    const before = await errors()
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const answer = await lab.ask('GET /', [`Cookie: torhaus=${randomBytes(32).toString('base64url')}`])
        return answer.one('X-Torhaus-Error')
      }),
    )
    assert.deepEqual(new Set(answers), new Set(['store-unavailable']))
    // Only beats still wait for an answer.
    assert.ok((await errors()) - before < 25, `${(await errors()) - before} commands have waited in vain`)
  } finally {
    redis.resume()
  }
  await eventually(async () => !(await isAway()), 'Redis goes on')
  assert.equal(await bySession(unknown), 200)
})

test('started while Redis is away, it starts, is not ready, refuses what needs it, and is there once Redis is', async () => {
  await shared.close()
  await redis.kill()
  shared = await startSharedLabs(1, { urls: [redis.url], connectTimeoutMs: 500 })
  lab = shared.labs[0] as GrantsLab
  assert.equal((await ready()).status, 503)
  assert.equal((await ready()).parts.store, 'away')
  assert.equal((await new BrowserClient().send(`${lab.fixture.url}/.torhaus/sign-in`)).status, 503)
  await redis.start()
  await eventually(async () => (await ready()).status === 200, 'ready')
  assert.equal(await bySession(await lab.person()), 200)
})

test('whoever signs out of a session that this process has not seen while Redis is away is out once it is back', async () => {
  const elsewhere = await startSharedLabs(1, { urls: [redis.url] }, CACHE_NOTHING)
  const person = await elsewhere.labs[0]?.person()
  await elsewhere.close()
  assert.ok(person)
  const other = await lab.person()
  const { url } = lab.fixture
  const kept = cookieOf(person)
  await redis.kill()
  await eventually(isAway, 'Redis is known to be away')
  const answer = await person.send(`${url}/.torhaus/sign-out`, { method: 'POST', origin: url, form: {} })
  assert.equal(answer.status, 503)
  await redis.start()
  await eventually(async () => (await bySession(other)) === 200, 'others go on')
  assert.notEqual((await lab.ask('GET /', [kept])).status, 200)
  const stored = () => redis.cli('EVAL', "return #redis.call('KEYS', '*:session:*')", '0')
  await eventually(async () => (await stored()) === '1', 'the session is deleted')
})

test('a logout token that came while Redis is away ends sessions when the OP sends it again', async () => {
  const person = await lab.person()
  assert.equal(await bySession(person), 200)
  const { op, url } = lab.fixture
  const claims = { ...rightClaims(op.issuer), sub: op.subjectOf('ada') }
  const body = new URLSearchParams({ logout_token: await op.signJwt({ typ: 'logout+jwt' }, claims) })
  const send = async () => {
    const response = await fetch(`${url}/.torhaus/backchannel-logout`, { method: 'POST', body })
    const { error } = (await response.json().catch(() => ({}))) as { error?: string }
    return [response.status, error]
  }
  await redis.kill()
  await eventually(isAway, 'Redis is known to be away')
  assert.deepEqual(await send(), [400, 'temporarily_unavailable'])
  await redis.start()
  await eventually(async () => (await ready()).parts.store === 'available', 'Redis is back')
  assert.deepEqual(await send(), [200, undefined])
  assert.equal(await bySession(person), 'session-ended')
  assert.deepEqual(await send(), [400, 'invalid_request'])
})
