/**
 * Nothing that lasts is made with a grant; no token, key or application with a personal access token, or a second
 * factor of this morning.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HANDSHAKE_FIELDS } from '../../devkit/clients/handshake-fields.ts'
import { serverTokenIssuer } from '../../devkit/origin/identity.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { GIT, type GrantsLab, linkIn, startGrantsLab } from './grants-lab.ts'
import type { Person } from './person.ts'

const NEW_KEY = 'POST /api/v1/user/keys'
const REGISTER_AGENT = 'POST /tfs/_apis/distributedtask/pools/1/agents'
const EMPTY = 'Content-Length: 0'

let lab: GrantsLab
let ada: Person
before(async () => {
  lab = await startGrantsLab()
  ada = await lab.person()
  for (const [line, agent] of [
    ['POST /api/v1/x', 'curl/8'],
    ['POST /tfs/_apis/x', 'curl/8'],
    ['GET /repo/info/refs?service=git-upload-pack', GIT],
  ] as const)
    assert.equal(
      (await lab.confirm(ada, linkIn((await lab.asProgram({ line, agent, fields: [EMPTY] })).text))).status,
      200,
    )
})
after(() => lab.close())

const codeOf = async (answer: Promise<{ one(name: string): string | undefined }>) =>
  (await answer).one('X-Torhaus-Error')
const byGrant = (line: string, agent = 'curl/8') => codeOf(lab.asProgram({ line, agent, fields: [EMPTY] }))
const byPat = (line: string, fields: readonly string[] = [EMPTY]) => codeOf(lab.ask(line, [patField, ...fields]))
const bySession = async (url: string, method = 'POST') => {
  const answer = await ada.send(lab.fixture.url + url, { method, origin: lab.fixture.url })
  return answer.headers.get('x-torhaus-error') ?? answer.status
}

test('a grant covers none of it, and no link says that it would', async () => {
  const seen = lab.origin.requests.length
  for (const line of [
    ...[NEW_KEY, 'POST /tfs/_apis/tokens/pats', 'POST /tfs/_apis/hooks/subscriptions', REGISTER_AGENT],
    ...['POST /api/v1/repos/o/r/keys', 'PUT /api/v1/repos/o/r/collaborators/eve', 'POST /api/v1/user/%6beys'],
    ...['PATCH /api/v1/repos/o/r', 'PUT /api/v1/user/actions/variables/X', 'PUT /api/v4/projects/7'],
    ...['DELETE /api/v1/repos/o/r/branch_protections/main', 'DELETE /api/v4/projects/7/protected_branches/main'],
    ...['DELETE /api/v1/repos/o/r/%62ranch_protections/main', 'DELETE /api/v4//projects/7/protected_branches/main'],
    ...['POST /api/v1//user/keys/', 'GET /api/v1/repos/o/r/actions/runners/registration-token'],
  ]) {
    const answer = await lab.asProgram({ line, agent: 'curl/8', fields: [EMPTY] })
    assert.deepEqual([answer.status, answer.one('X-Torhaus-Error')], [403, 'lasting-right-refused'], line)
    assert.doesNotMatch(answer.text, /confirm/)
  }
  assert.equal(await byGrant(NEW_KEY, GIT), 'lasting-right-refused')
  assert.equal(lab.origin.requests.length, seen)
  assert.equal(await byGrant('POST /api/v1/repos/o/r/issues'), undefined)
  const isAudited = () =>
    lab.audited('request-refused').some(record => record['torhaus.code'] === 'lasting-right-refused')
  await eventually(isAudited, 'the refusal in the audit log')
})

test('a personal access token, or a token of the server, makes no other one, and goes on registering agents', async () => {
  for (const line of [NEW_KEY, 'POST /tfs/_apis/tokens/pats', 'PUT /rest/access-tokens/1.0/users/ada'])
    assert.equal(await byPat(line), 'lasting-right-refused', line)
  const claims = Buffer.from(JSON.stringify({ iss: serverTokenIssuer })).toString('base64url')
  const serverToken = `Authorization: Bearer ${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${claims}.AAAA`
  assert.equal(await codeOf(lab.ask(NEW_KEY, [serverToken, EMPTY])), 'lasting-right-refused')
  for (const line of [
    REGISTER_AGENT,
    'POST /tfs/_apis/hooks/subscriptions',
    ...['DELETE /api/v1/user/keys/7', 'DELETE /api/v1/repos/o/r/branch_protections/main', 'PATCH /api/v1/repos/o/r'],
    'GET /api/v1/user/keys',
  ])
    assert.equal(await byPat(line), undefined, line)
  assert.equal(await codeOf(lab.ask('POST /tfs/_apis/oauth2/token', [EMPTY])), undefined)
})

test('a handshake is no way around', async () => {
  const code = await codeOf(lab.ask('GET /login/oauth/authorize?client_id=x', [patField, ...HANDSHAKE_FIELDS]))
  assert.equal(code, 'lasting-right-refused')
})

test('who opened a session, or has a token of the OP, proves the second factor anew after a while; the page asks in time', async () => {
  const person = await lab.person()
  const cookie = `Cookie: ${[...person.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ')}`
  const page = (url: string) =>
    lab.ask(`GET ${url}`, [cookie, 'Accept: text/html', 'Sec-Fetch-Mode: navigate', 'User-Agent: Mozilla/5.0 (X11)'])
  const make = async () =>
    (await person.send(`${lab.fixture.url}/api/v1/user/keys`, { method: 'POST', origin: lab.fixture.url })).headers.get(
      'x-torhaus-error',
    )
  const fresh = lab.bearerField
  assert.equal(await make(), null)
  assert.equal((await page('/user/settings/keys')).status, 200)
  lab.turnClock(500)
  assert.equal(await make(), null)
  const late = await page('/user/settings/keys')
  assert.deepEqual([late.status, late.one('X-Torhaus-Error')], [302, 'second-factor-stale'])
  assert.match(late.one('Location') ?? '', /max_age=450/)
  assert.equal((await page('/user/settings')).status, 200)
  lab.turnClock(500)
  assert.equal(await make(), 'second-factor-stale')
  assert.equal(await codeOf(lab.ask(NEW_KEY, [fresh, EMPTY])), 'second-factor-stale')
  assert.equal(await codeOf(lab.ask('POST /api/v1/repos/o/r/keys', [fresh, EMPTY])), undefined)
  lab.turnClock(-1000)
  assert.equal(await codeOf(lab.ask(NEW_KEY, [fresh, EMPTY])), undefined)
  assert.equal(await bySession('/api/v1/user/keys'), 200)
})

test('a rule may allow it, for what it fits', async () => {
  const rule = {
    ...{ name: 'rotation', require: 'second-factor', allowLastingRights: true },
    when: { path: '/api/v4/personal_access_tokens/self/rotate', schemes: ['pat'] },
  }
  const own = await startGrantsLab({ rules: [rule] })
  try {
    const code = (line: string) => codeOf(own.ask(line, [patField, EMPTY]))
    assert.equal(await code('POST /api/v4/personal_access_tokens/self/rotate'), undefined)
    assert.equal(await code('POST /api/v4/user/personal_access_tokens'), 'lasting-right-refused')
    assert.equal(await code('POST /api/v4/user/../personal_access_tokens/self/rotate'), 'lasting-right-refused')
  } finally {
    await own.close()
  }
})

test('a rule for one factor, or for nobody at all, is none for this', async () => {
  const when = { networks: ['192.0.2.0/24'] }
  const own = await startGrantsLab({ rules: [{ name: 'office', reason: 'turnstile', require: 'first-factor', when }] })
  const open = await startGrantsLab({ rules: [{ name: 'open', reason: 'laboratory', require: 'nothing', when }] })
  try {
    for (const each of [own, open]) {
      const answer = await each.asProgram({ line: NEW_KEY, agent: 'curl/8', fields: [EMPTY] })
      assert.equal(answer.one('X-Torhaus-Error'), 'second-factor-missing')
      assert.equal((await each.asProgram({ line: 'POST /api/v1/repos/o/r/keys', fields: [EMPTY] })).status, 200)
    }
    assert.equal((await open.ask(NEW_KEY, ['X-Forwarded-For: 192.0.2.1', EMPTY])).status, 200, 'as nobody')
  } finally {
    await Promise.all([own, open].map(each => each.close()))
  }
})

test('switched off nothing is looked at; report-only refuses nothing and says what it would have', async () => {
  const off = await startGrantsLab({ lastingRights: { products: [] } })
  const watching = await startGrantsLab({ lastingRights: { reportOnly: true } })
  try {
    for (const each of [off, watching]) {
      const link = linkIn((await each.asProgram({ line: 'POST /api/v1/x', agent: 'curl/8', fields: [EMPTY] })).text)
      assert.equal((await each.confirm(await each.person(), link)).status, 200)
      assert.equal((await each.asProgram({ line: NEW_KEY, agent: 'curl/8', fields: [EMPTY] })).status, 200)
      assert.equal((await each.ask(NEW_KEY, [patField, EMPTY])).status, 200)
    }
    const reports = watching.audited('would-have-refused')
    assert.deepEqual(
      reports.map(record => [record['torhaus.rule'], record['torhaus.code'], record['torhaus.scheme']]),
      [
        ['lasting-rights', 'lasting-right-refused', 'bearer'],
        ['lasting-rights', 'lasting-right-refused', 'pat'],
      ],
    )
    assert.deepEqual(off.audited('would-have-refused'), [])
  } finally {
    await Promise.all([off, watching].map(each => each.close()))
  }
})
