/**
 * Two Torhaus on one Redis, each believing for a minute what it has read: what one is told must count at the other at
 * once.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { type GrantsLab, linkIn } from '../grants/grants-lab.ts'
import type { Person } from '../grants/person.ts'
import { rightClaims } from '../logout/logout-lab.ts'
import { type SharedLabs, startSharedLabs } from './shared-labs.ts'

let redis: RedisProcess
let shared: SharedLabs
let [one, other]: readonly [GrantsLab, GrantsLab] = [] as never

before(async () => {
  redis = await startRedis()
  const patPolicy = { confirm: 'first-use', confirmExceptFrom: ['127.0.0.1'], reportOnly: false }
  const proof = { patProof: { profile: 'azure-devops' }, patPolicy }
  const rest = { credentials: { patAccountField: 'X-VSS-UserData', ...proof } }
  shared = await startSharedLabs(2, { urls: [redis.url] }, { session: { cacheMs: 60_000 }, rest })
  ;[one, other] = shared.labs as [GrantsLab, GrantsLab]
  for (const lab of shared.labs) {
    lab.origin.answerWith((_, response) => {
      response.writeHead(200, { 'X-VSS-UserData': '0b1c:ada' }).end(ADA)
    })
  }
})
after(async () => {
  await shared?.close()
  await redis.close()
})

const ADA = JSON.stringify({ authenticatedUser: { id: '1', properties: { Account: { $value: 'ada' } } } })
const cookieOf = (person: Person) => `Cookie: torhaus=${person.cookies.get('torhaus')?.value}`
const bySession = async (lab: GrantsLab, person: Person) => (await lab.ask('GET /', [cookieOf(person)])).status
const byPat = async (lab: GrantsLab, from = '127.0.0.1') => {
  const answer = await lab.ask('GET /', [patField, `X-Forwarded-For: ${from}`, 'User-Agent: git/2.50.1'])
  return answer.one('X-Torhaus-Error') ?? answer.status
}
const from = (host: number) => ({ from: `10.9.0.${host}` })

test('a session opened at one is good at the other, and a sign-out there ends it here', async () => {
  const person = await one.person()
  assert.equal(await bySession(one, person), 200)
  assert.equal(await bySession(other, person), 200)
  const { url } = other.fixture
  await person.send(`${url}/.torhaus/sign-out`, { method: 'POST', origin: url })
  await eventually(async () => (await bySession(one, person)) !== 200, 'the session ends')
})

test('signing out everywhere ends the sessions at every machine', async () => {
  const people = [await one.person(), await one.person()]
  for (const lab of [one, other]) for (const person of people) assert.equal(await bySession(lab, person), 200)
  const [first] = people
  assert.ok(first !== undefined)
  await one.press(first, '/.torhaus/sign-out-everywhere')
  for (const person of people) {
    assert.notEqual(await bySession(one, person), 200)
    await eventually(async () => (await bySession(other, person)) !== 200, 'the session ends')
  }
})

test('a logout that the OP tells one machine of ends the session at the other', async () => {
  const person = await one.person()
  assert.equal(await bySession(other, person), 200)
  const { op, url } = one.fixture
  // Of an earlier second: whoever signs in after it is not meant.
  const claims = { ...rightClaims(op.issuer), sub: op.subjectOf('ada'), iat: Math.floor(Date.now() / 1000) - 2 }
  const body = new URLSearchParams({ logout_token: await op.signJwt({ typ: 'logout+jwt' }, claims) })
  const send = (to: string) => fetch(`${to}/.torhaus/backchannel-logout`, { method: 'POST', body })
  assert.deepEqual([(await send(url)).status, (await send(url)).status], [200, 400])
  await eventually(async () => (await bySession(other, person)) !== 200, 'the session ends')
})

test("the operator's command tells both machines", async () => {
  const person = await one.person()
  for (const lab of [one, other]) assert.equal(await bySession(lab, person), 200)
  const program = join(import.meta.dirname, '../../bin/torhaus.mjs')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, 'sessions', 'end', '--config', one.fixture.configFile, '--account', 'ada'],
    { timeout: 180_000 },
  )
  assert.match(stdout, /^sessions ended: [1-9]/m)
  for (const lab of [one, other])
    await eventually(async () => (await bySession(lab, person)) !== 200, 'the session ends')
})

test('a client refused at one machine is confirmed at the other; a grant taken back at one counts no more at the other', async () => {
  const link = linkIn((await one.asProgram(from(1))).text)
  const person = await other.person()
  const confirmed = await other.confirm(person, link.replace(one.fixture.url, other.fixture.url))
  assert.match(confirmed.text, /Run the command again/)
  await eventually(async () => (await one.asProgram(from(1))).status === 200, 'the grant is there')
  assert.equal((await other.asProgram(from(1))).status, 200)
  const page = await person.get(`${other.fixture.url}/.torhaus/`)
  const revoke = /action="(\/\.torhaus\/grants\/[\w-]+)"/.exec(page.text)?.[1]
  assert.ok(revoke, page.text)
  await other.press(person, revoke)
  await eventually(async () => (await one.asProgram(from(1))).status === 403, 'the grant is gone')
})

test('a token confirmed at one machine passes at the other at once, and not once that is withdrawn', async () => {
  const away = '198.51.100.7'
  for (const lab of [one, other]) assert.equal(await byPat(lab, away), 'pat-unconfirmed')
  const refused = await one.ask('GET /', [patField, `X-Forwarded-For: ${away}`, 'User-Agent: git/2.50.1'])
  const person = await other.person()
  await other.confirm(person, linkIn(refused.text).replace(one.fixture.url, other.fixture.url))
  await eventually(async () => (await byPat(one, away)) === 200, 'it is confirmed')
  assert.equal(await byPat(other, away), 200)
  const page = await person.get(`${other.fixture.url}/.torhaus/`)
  const withdraw = /action="([^"]+\/withdraw\/[^"]+\/198\.51\.100\.7_32)"/.exec(page.text)?.[1]
  assert.ok(withdraw, page.text)
  await other.press(person, withdraw)
  await eventually(async () => (await byPat(one, away)) === 'pat-unconfirmed', 'it is withdrawn')
})

test('a token blocked at one machine is refused at the other', async () => {
  assert.equal(await byPat(one), 200)
  assert.equal(await byPat(other), 200)
  const person = await one.person()
  const page = await person.get(`${one.fixture.url}/.torhaus/`)
  const block = /action="(\/\.torhaus\/pats\/block\/[\w-]{28})"/.exec(page.text)?.[1]
  assert.ok(block, page.text)
  await one.press(person, block)
  assert.equal(await byPat(one), 'pat-blocked')
  await eventually(async () => (await byPat(other)) === 'pat-blocked', 'the token is refused')
})

test('what nobody heard while the connection was cut is noticed when it is back', async () => {
  const person = await one.person()
  assert.equal(await bySession(other, person), 200)
  // The session ends without a message, as if the message had been lost.
  await redis.cli('EVAL', "return redis.call('DEL', unpack(redis.call('KEYS', '*:session:*')))", '0')
  assert.equal(await bySession(other, person), 200, 'within cacheMs')
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal')
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await eventually(async () => (await bySession(other, person)) !== 200, 'the session is read again')
})
