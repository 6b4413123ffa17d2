/** Personal access tokens on their way through a whole Torhaus. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { answerSignIn } from '../../devkit/op/user-agent.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { type GrantsLab, startGrantsLab } from '../grants/grants-lab.ts'

const TWO_DAYS_S = 2 * 86_400
const labs: GrantsLab[] = []
after(() => Promise.all(labs.map(lab => lab.close())))

async function labWith(patPolicy: object, rules: object[] = []): Promise<GrantsLab> {
  const lab = await startGrantsLab({ rules }, { credentials: { patAccountField: 'X-VSS-UserData', patPolicy } })
  lab.origin.answerWith((_, response) => {
    response.writeHead(200, { 'X-VSS-UserData': '0b1c:ada' }).end()
  })
  labs.push(lab)
  return lab
}

/** The error code of an answer, or its status. */
async function use(lab: GrantsLab, from: string, line = 'GET /'): Promise<string | number> {
  const answer = await lab.ask(line, [patField, `X-Forwarded-For: ${from}`, 'User-Agent: git/2.50.1'])
  if (answer.status === 403) assert.ok(answer.one('X-Torhaus-Error'))
  return answer.one('X-Torhaus-Error') ?? answer.status
}

test('enforced, a token is refused from a network it was never used from, as often as it is tried', async () => {
  const lab = await labWith({ refuseNewNetwork: true, reportOnly: false })
  assert.equal(await use(lab, '192.0.2.7'), 200)
  assert.equal(await use(lab, '192.0.2.8'), 200)
  lab.turnClock(TWO_DAYS_S)
  assert.equal(await use(lab, '192.0.2.8'), 200)
  const reached = lab.origin.requests.length
  assert.equal(await use(lab, '198.51.100.1'), 'pat-new-network')
  assert.equal(await use(lab, '198.51.100.1'), 'pat-new-network')
  assert.equal(lab.origin.requests.length, reached)
  const [first] = lab.audited('pat-first-seen')
  const [refused, ...others] = lab.audited('pat-refused')
  assert.equal(others.length, 1)
  assert.match(String(first?.['torhaus.pat']), /^[\w-]{28}$/)
  assert.deepEqual(
    [refused?.['torhaus.pat'], refused?.['torhaus.code'], refused?.['torhaus.network'], refused?.['user.name']],
    [first?.['torhaus.pat'], 'pat-new-network', '198.51.100.1/32', 'ada'],
  )
  assert.equal(await lab.metric('torhaus_pats_total{event="refused"}'), 2)
  assert.equal(await lab.metric('torhaus_pats_total{event="new_network"}'), 1)
})

test('report-only, the same use passes, is reported once, and the network is known from then on', async () => {
  const lab = await labWith({ refuseNewNetwork: true })
  await use(lab, '192.0.2.7')
  lab.turnClock(TWO_DAYS_S)
  assert.equal(await use(lab, '198.51.100.1'), 200)
  assert.equal(await use(lab, '198.51.100.1'), 200)
  const reports = lab.audited('would-have-refused')
  assert.deepEqual(
    reports.map(record => [record['torhaus.rule'], record['torhaus.code']]),
    [['pat-policy', 'pat-new-network']],
  )
  assert.equal(await lab.metric('torhaus_report_only_total{rule="pat-policy",code="pat-new-network"}'), 1)
  assert.equal(lab.audited('pat-refused').length, 0)
})

test('a token that the server refuses, or a rule, leaves nothing behind', async () => {
  const refuse = { name: 'no-wiki', when: { path: '/wiki' }, require: 'refuse' }
  const lab = await labWith({ refuseNewNetwork: true, reportOnly: false }, [refuse])
  assert.equal(await use(lab, '192.0.2.7', 'GET /wiki'), 'rule-refuses')
  for (const status of [401, 403, 203, 302, 500]) {
    lab.origin.answerWith((_, response) => response.writeHead(status).end())
    await lab.ask('GET /', [patField, 'X-Forwarded-For: 192.0.2.7'])
  }
  assert.equal(lab.audited('pat-first-seen').length, 0)
  assert.equal(await lab.metric('torhaus_pats_total{event="first_seen"}'), 0)
})

test('its owner sees a token, blocks it against every rule, and allows it again; a form of another site does not', async () => {
  const anything = { name: 'open', reason: 'a test', when: { path: '/.*' }, require: 'nothing' }
  const lab = await labWith({}, [anything])
  const { url } = lab.fixture
  await use(lab, '192.0.2.7')
  const person = await lab.person()
  const formIn = (page: string, action: string) => {
    const path = new RegExp(`action="(/.torhaus/pats/${action}/[\\w-]{28})"`).exec(page)?.[1]
    assert.ok(path, `no form to ${action} in ${page}`)
    return url + path
  }
  const page = await person.get(`${url}/.torhaus/`)
  assert.match(page.text, /Personal access tokens seen[\s\S]*git<br><small>from 192\.0\.2\.7/)
  const block = formIn(page.text, 'block')
  assert.equal((await person.send(block, { method: 'POST', origin: 'https://elsewhere.example' })).status, 403)
  assert.equal(await use(lab, '192.0.2.7'), 200)
  await lab.press(person, new URL(block).pathname)
  assert.equal(await use(lab, '192.0.2.7'), 'pat-blocked')
  const blocked = await person.get(`${url}/.torhaus/`)
  assert.match(blocked.text, /<strong>blocked<\/strong>/)
  const asked = await lab.press(person, new URL(formIn(blocked.text, 'allow')).pathname)
  assert.equal(await use(lab, '192.0.2.7'), 'pat-blocked', 'the button alone allows nothing')
  const allowed = await answerSignIn(person, asked, lab.fixture.users.ada)
  assert.equal(allowed.url, `${url}/.torhaus/`)
  assert.equal(await use(lab, '192.0.2.7'), 200)
  assert.deepEqual([lab.audited('pat-blocked').length, lab.audited('pat-allowed').length], [1, 1])
  assert.equal(await lab.metric('torhaus_pats_total{event="blocked"}'), 1)
})

test('a token of somebody else is neither on the page nor can be blocked', async () => {
  const lab = await labWith({})
  lab.origin.answerWith((_, response) => {
    response.writeHead(200, { 'X-VSS-UserData': '0b1c:carol' }).end()
  })
  await use(lab, '192.0.2.7')
  const fingerprint = String(lab.audited('pat-first-seen')[0]?.['torhaus.pat'])
  const person = await lab.person()
  const { url } = lab.fixture
  assert.doesNotMatch((await person.get(`${url}/.torhaus/`)).text, new RegExp(fingerprint))
  for (const form of [{}, { token: 'x' }])
    await person.send(`${url}/.torhaus/pats/block/${fingerprint}`, { method: 'POST', origin: url, form })
  assert.equal(await use(lab, '192.0.2.7'), 200)
  assert.equal(lab.audited('pat-blocked').length, 0)
})
