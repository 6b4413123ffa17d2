/**
 * A Redis without memory left (`noeviction`) refuses what is new: people leave all the same, and it is told that it is
 * full.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formTo } from '../../devkit/clients/own-forms.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import type { GrantsLab } from '../grants/grants-lab.ts'
import type { Person } from '../grants/person.ts'
import { rightClaims } from '../logout/logout-lab.ts'
import { type SharedLabs, startSharedLabs } from './shared-labs.ts'

let redis: RedisProcess
let shared: SharedLabs
let [one, other]: readonly [GrantsLab, GrantsLab] = [] as never

before(async () => {
  redis = await startRedis({ lines: ['maxmemory-policy noeviction'] })
  shared = await startSharedLabs(2, { urls: [redis.url] }, { session: { cacheMs: 60_000 } })
  ;[one, other] = shared.labs as [GrantsLab, GrantsLab]
})
after(async () => {
  await shared?.close()
  await redis.close()
})

const cookieOf = (person: Person) => `Cookie: torhaus=${person.cookies.get('torhaus')?.value}`
const bySession = async (lab: GrantsLab, cookie: string) => (await lab.ask('GET /', [cookie])).status
const fill = () => redis.cli('CONFIG', 'SET', 'maxmemory', '1mb')
const makeRoom = () => redis.cli('CONFIG', 'SET', 'maxmemory', '0')

async function known(): Promise<{ person: Person; cookie: string }> {
  await makeRoom()
  const person = await one.person()
  const cookie = cookieOf(person)
  for (const lab of [one, other]) assert.equal(await bySession(lab, cookie), 200)
  await fill()
  return { person, cookie }
}

async function endsEverywhere(cookie: string): Promise<void> {
  for (const lab of [one, other])
    await eventually(async () => (await bySession(lab, cookie)) !== 200, 'the session ends')
  await makeRoom()
  for (const lab of [one, other]) assert.notEqual(await bySession(lab, cookie), 200)
}

for (const path of ['sign-out', 'sign-out-everywhere'])
  test(`${path} works while Redis is full`, async () => {
    const { person, cookie } = await known()
    const page = `${one.fixture.url}/.torhaus/${path === 'sign-out' ? path : ''}`
    assert.equal((await person.submit(page, `/.torhaus/${path}`)).status, 303)
    await endsEverywhere(cookie)
  })

test('a back-channel logout works while Redis is full, and its token counts once', async () => {
  const { cookie } = await known()
  const { op, url } = one.fixture
  // Of an earlier second: whoever signs in after it is not meant.
  const claims = { ...rightClaims(op.issuer), sub: op.subjectOf('ada'), iat: Math.floor(Date.now() / 1000) - 2 }
  const body = new URLSearchParams({ logout_token: await op.signJwt({ typ: 'logout+jwt' }, claims) })
  const send = () => fetch(`${url}/.torhaus/backchannel-logout`, { method: 'POST', body })
  assert.deepEqual([(await send()).status, (await send()).status], [200, 400])
  await endsEverywhere(cookie)
})

test('a Redis user who may delete nothing keeps nobody signed in, and what has ended is deleted once it may', async () => {
  const { person, cookie } = await known()
  await makeRoom()
  await redis.cli('ACL', 'SETUSER', 'default', '-del', '-hdel')
  assert.equal((await person.submit(`${one.fixture.url}/.torhaus/sign-out`, '/.torhaus/sign-out')).status, 303)
  for (const lab of [one, other])
    await eventually(async () => (await bySession(lab, cookie)) !== 200, 'the session ends')
  await redis.cli('ACL', 'SETUSER', 'default', '+@all')
  const stored = () => redis.cli('EVAL', "return #redis.call('KEYS', '*:session:*')", '0')
  await eventually(async () => (await stored()) === '0', 'the session is deleted')
})

test('a Redis user who may do nothing: whoever leaves is told that it is not known everywhere, and it is once it may be', async () => {
  const { person, cookie } = await known()
  await makeRoom()
  const form = formTo((await person.send(`${one.fixture.url}/.torhaus/sign-out`)).text, '/.torhaus/sign-out')
  await redis.cli('ACL', 'SETUSER', 'default', '-@all', '+acl', '+auth', '+hello')
  try {
    const { url } = one.fixture
    const answer = await person.send(`${url}/.torhaus/sign-out`, { method: 'POST', origin: url, form: form ?? {} })
    assert.deepEqual([answer.status, answer.headers.get('x-torhaus-error')], [503, 'store-unavailable'])
    assert.notEqual(await bySession(one, cookie), 200, 'it has ended here')
  } finally {
    await redis.cli('ACL', 'SETUSER', 'default', '+@all')
  }
  await endsEverywhere(cookie)
})
