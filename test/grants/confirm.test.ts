import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { type GrantsLab, linkIn, startGrantsLab, VISUAL_STUDIO } from './grants-lab.ts'
import type { Person } from './person.ts'

const LIFETIME_S = 600

let lab: GrantsLab
let ada: Person
before(async () => {
  lab = await startGrantsLab({ grants: { lifetimeSeconds: LIFETIME_S, ipv4PrefixBits: 24 } })
  ada = await lab.person()
})
after(() => lab.close())

/** Each test from a network of its own. */
let network = 0
beforeEach(() => {
  network++
})
const at = (host: number, within = network) => `10.0.${within}.${host}`

async function confirmed(from: string): Promise<void> {
  const link = linkIn((await lab.asProgram({ from })).text)
  assert.equal((await lab.confirm(ada, link)).status, 200)
}

test('git is refused with a link it shows, keeps its credentials, and passes after the person has confirmed', async () => {
  const refused = await lab.asProgram({ from: at(1) })
  assert.equal(refused.status, 403)
  assert.equal(refused.one('X-Torhaus-Error'), 'second-factor-missing')
  assert.match(refused.one('Content-Type') ?? '', /^text\/plain/)
  assert.equal(refused.one('WWW-Authenticate'), undefined)
  const link = linkIn(refused.text)
  const page = await ada.send(link)
  for (const shown of ['ada', at(1), `10.0.${network}.0/24`, 'git/2.50.1', 'just now', '10 min'])
    assert.ok(page.text.includes(shown), `${shown} is not on the page`)
  assert.equal((await lab.asProgram({ from: at(1) })).status, 403, 'looking confirms nothing')

  assert.match((await lab.confirm(ada, link)).text, /Run the command again/)
  const passed = await lab.asProgram({ from: at(1) })
  assert.equal(passed.status, 200)
  assert.equal((await lab.record(passed))['torhaus.admitted_by'], 'grant')
  assert.deepEqual(lab.origin.requests.at(-1)?.all('X-Remote-Account'), ['ada'])
})

test('the link stays the same while it is open', async () => {
  const links = await Promise.all([1, 2, 3].map(host => lab.asProgram({ from: at(host) })))
  assert.equal(new Set(links.map(({ text }) => linkIn(text))).size, 1)
})

test('a grant holds for its network and its class of client alone', async () => {
  await confirmed(at(1))
  assert.equal((await lab.asProgram({ from: at(200) })).status, 200)
  assert.equal((await lab.asProgram({ from: at(1, network + 100) })).status, 403)
  for (const agent of ['git-lfs/3.6.1', 'curl/8.14.1', VISUAL_STUDIO])
    assert.equal((await lab.asProgram({ from: at(1), agent })).status, 403, agent)
  assert.equal((await lab.asProgram({ from: at(1), user: 'carol' })).status, 403)
})

test('each kind of client is shown the link in its own way', async () => {
  const visualStudio = await lab.asProgram({ from: at(1), agent: VISUAL_STUDIO })
  linkIn(decodeURIComponent(visualStudio.one('X-TFS-ServiceError') ?? ''))
  const lfs = await lab.asProgram({ from: at(1), agent: 'git-lfs/3.6.1' })
  linkIn(JSON.parse(lfs.text).message)
  const rest = await lab.asProgram({ from: at(1), agent: 'curl/8.14.1' })
  assert.match(rest.one('Content-Type') ?? '', /^application\/problem\+json/)
  linkIn(JSON.parse(rest.text).confirmUrl)
})

test('a grant is revoked on the personal page, and ends by itself', async () => {
  await confirmed(at(1))
  const page = await ada.send(`${lab.fixture.url}/.torhaus/`)
  const form = [...page.text.matchAll(/action="(\/\.torhaus\/grants\/[\w-]+)"/g)][0]?.[1]
  assert.match((await lab.press(ada, form ?? '')).text, /You are signed in/)
  assert.equal((await lab.asProgram({ from: at(1) })).status, 403)
  assert.equal(lab.audited('grant-revoked').at(-1)?.['user.name'], 'ada')

  await confirmed(at(1))
  lab.turnClock(LIFETIME_S - 5)
  assert.equal((await lab.asProgram({ from: at(1) })).status, 200)
  lab.turnClock(10)
  assert.equal((await lab.asProgram({ from: at(1) })).status, 403)
})

test('steps are in the audit log, each with request id, account and address, and in the metrics', async () => {
  const before = await lab.metric('torhaus_grants_total{event="confirmed"}')
  const refused = await lab.asProgram({ from: at(1) })
  await lab.confirm(await lab.person(), linkIn(refused.text))
  const asked = lab.audited('second-factor-asked').at(-1)
  assert.equal(asked?.['http.request.id'], refused.one('X-Request-Id'))
  assert.deepEqual([asked?.['user.name'], asked?.['client.address']], ['ada', at(1)])
  const confirmed = lab.audited('second-factor-confirmed').at(-1)
  assert.match(String(confirmed?.['http.request.id']), /^[0-9a-f-]{36}$/)
  assert.notEqual(confirmed?.['http.request.id'], asked?.['http.request.id'])
  assert.deepEqual([confirmed?.['user.name'], confirmed?.['client.address']], ['ada', '127.0.0.1'])
  assert.equal(confirmed?.['torhaus.network'], `10.0.${network}.0/24`)
  assert.equal(await lab.metric('torhaus_grants_total{event="confirmed"}'), before + 1)
  const audit = JSON.stringify(lab.fixture.log.filter(record => record['log.logger'] === 'torhaus.audit'))
  assert.doesNotMatch(audit, new RegExp(linkIn(refused.text).slice(-9).replace('-', '-?')))
})

test('with a file of its own, the audit log is there and not among the other records', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-audit-'))
  const auditFile = join(directory, 'audit.log')
  const own = await startGrantsLab({}, { logging: { auditFile, level: 'error' } })
  try {
    await own.asProgram()
    await own.close()
    const lines = (await readFile(auditFile, 'utf8')).trim().split('\n')
    const records = lines.map(line => JSON.parse(line) as Record<string, unknown>)
    assert.deepEqual(
      records.map(record => record['event.action']),
      ['policy-loaded', 'second-factor-asked'],
    )
    for (const name of ['@timestamp', 'log.level', 'service.name', 'event.outcome'])
      assert.ok(
        records.every(record => typeof record[name] === 'string'),
        name,
      )
    assert.equal((await stat(auditFile)).mode & 0o077, 0)
    assert.deepEqual(own.audited('second-factor-asked'), [])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('a confirmation whose sign-in fails leads back to its question, and no page says that it is confirmed', async () => {
  const link = linkIn((await lab.asProgram({ from: at(1) })).text)
  const atOp = await ada.submit(link, new URL(link).pathname)
  const asked = new URL(atOp.headers.get('location') ?? '')
  const callback = new URL(asked.searchParams.get('redirect_uri') ?? '')
  callback.search = new URLSearchParams({
    ...{ error: 'temporarily_unavailable', state: asked.searchParams.get('state') ?? '' },
    iss: lab.fixture.op.issuer,
  }).toString()
  const failed = await ada.send(callback.href)
  assert.equal(failed.headers.get('x-torhaus-error'), 'op-unreachable')
  const [, again = ''] = /class="button" href="([^"]*)"/.exec(failed.text) ?? []
  // Back in the browser, the sign-in is not known any more.
  for (const url of [lab.fixture.url + again.replaceAll('&amp;', '&'), callback.href]) {
    const end = await ada.get(url)
    assert.deepEqual([end.status, end.url], [200, link])
  }
  assert.equal((await lab.asProgram({ from: at(1) })).status, 403)
})
