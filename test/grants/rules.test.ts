import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { type GrantsLab, linkIn, startGrantsLab } from './grants-lab.ts'

const PUSH = 'GET /repo/info/refs?service=git-receive-pack'
const labs: GrantsLab[] = []
after(() => Promise.all(labs.map(lab => lab.close())))

async function labWith(...rules: object[]): Promise<GrantsLab> {
  const lab = await startGrantsLab({ rules })
  labs.push(lab)
  return lab
}

const freshPush = { name: 'fresh-push', when: { gitOperation: 'push' }, require: 'second-factor', maxAgeSeconds: 60 }
const noWiki = { name: 'no-wiki', when: { path: '/wiki(/.*)?' }, require: 'refuse' }
const oneFactor = {
  name: 'office',
  reason: 'behind the turnstile',
  when: { networks: ['10.1.0.0/16'], schemes: ['bearer'] },
  require: 'first-factor',
}

test('a push may need a fresher second factor than a fetch', async () => {
  const lab = await labWith(freshPush)
  const person = await lab.person()
  assert.equal((await lab.confirm(person, linkIn((await lab.asProgram({ line: PUSH })).text))).status, 200)
  assert.equal((await lab.asProgram({ line: PUSH })).status, 200)
  lab.turnClock(90)
  assert.equal((await lab.asProgram()).status, 200)
  const refused = await lab.asProgram({ line: PUSH })
  assert.equal(refused.status, 403)
  assert.match((await lab.confirm(person, linkIn(refused.text))).text, /Run the command again/)
  assert.equal((await lab.asProgram({ line: PUSH })).status, 200)
})

test('an OP that does not prove the second factor again is no endless loop', async () => {
  const lab = await startGrantsLab({ rules: [freshPush] }, {}, 'real')
  labs.push(lab)
  const person = await lab.person()
  // The OP goes by the real time: what it says of the sign-in is from before the form was sent.
  lab.turnClock(90)
  const link = linkIn((await lab.asProgram({ line: PUSH })).text)
  const end = await lab.confirm(person, link)
  assert.deepEqual([end.status, end.headers.get('x-torhaus-error')], [403, 'second-factor-stale'])
  const page = await person.get(`${lab.fixture.url}/repo/info/refs?service=git-receive-pack`)
  assert.ok([403, 200].includes(page.status))
})

test('a sign-in from before the form was sent confirms nothing, however fresh it is for everything else', async () => {
  const lab = await startGrantsLab({}, {}, 'real')
  labs.push(lab)
  const person = await lab.person()
  // Within confirmMaxAgeSeconds, and beyond what clocks may differ.
  lab.turnClock(400)
  const end = await lab.confirm(person, linkIn((await lab.asProgram()).text))
  assert.deepEqual([end.status, end.headers.get('x-torhaus-error')], [403, 'second-factor-stale'])
  assert.equal((await lab.asProgram()).status, 403)
  assert.equal((await person.get(`${lab.fixture.url}/.torhaus/`)).status, 200, 'the session is good, and stays')
})

test('a refused path is refused in any spelling, and the refusal is a security event', async () => {
  const lab = await labWith(noWiki)
  for (const path of ['/wiki', '/wiki/a', '/WIKI/a', '/wik%69/a', '/x/../wiki', '//wiki', '/wiki;x', '/%2577iki']) {
    const answer = await lab.ask(`GET ${path}`, [lab.bearerField])
    assert.ok(['rule-refuses', 'path-ambiguous'].includes(answer.one('X-Torhaus-Error') ?? ''), path)
  }
  assert.equal((await lab.ask('GET /wikis', [lab.bearerField])).status, 200)
  assert.equal(lab.origin.requests.length, 1)
  const isAudited = () => lab.audited('request-refused').some(record => record['torhaus.code'] === 'rule-refuses')
  await eventually(isAudited, 'the refusal in the audit log')
})

test('a rule for a network lets one factor pass from there, and nobody without any', async () => {
  const lab = await labWith(oneFactor)
  const inside = await lab.asProgram({ from: '10.1.2.3' })
  assert.equal(inside.status, 200)
  assert.equal((await lab.asProgram({ from: '10.2.2.3' })).status, 403)
  assert.equal((await lab.ask('GET /', ['X-Forwarded-For: 10.1.2.3'])).status, 401)
})

test('report-only and enforced: the same traffic, the same decisions, and only one of them refuses', async () => {
  const reporting = await labWith(
    { ...freshPush, maxAgeSeconds: 10, reportOnly: true },
    { ...noWiki, reportOnly: true },
  )
  const enforcing = await labWith({ ...freshPush, maxAgeSeconds: 10 }, noWiki)
  const outcomes = await Promise.all(
    [reporting, enforcing].map(async lab => {
      lab.turnClock(30)
      const codes = []
      for (const line of ['GET /plain', 'GET /wiki/a', PUSH, 'GET /wiki']) {
        const answer = await lab.ask(line, [lab.bearerField])
        codes.push(answer.one('X-Torhaus-Error'))
      }
      return codes
    }),
  )
  assert.deepEqual(outcomes[0], [undefined, undefined, undefined, undefined])
  assert.deepEqual(outcomes[1], [undefined, 'rule-refuses', 'second-factor-stale', 'rule-refuses'])
  const reports = reporting.audited('would-have-refused')
  assert.deepEqual(
    reports.map(record => [record['torhaus.rule'], record['torhaus.code']]),
    [
      ['no-wiki', 'rule-refuses'],
      ['fresh-push', 'second-factor-stale'],
      ['no-wiki', 'rule-refuses'],
    ],
  )
  assert.equal(await reporting.metric('torhaus_report_only_total{rule="no-wiki",code="rule-refuses"}'), 2)
  assert.equal(enforcing.audited('would-have-refused').length, 0)
})
