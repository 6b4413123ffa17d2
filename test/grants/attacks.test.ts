import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { Grants } from '../../src/grants/grants.ts'
import { GRANT_SCHEMA, SqliteGrantStore } from '../../src/grants/sqlite-grant-store.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { type GrantsLab, linkIn, startGrantsLab } from './grants-lab.ts'
import { Person } from './person.ts'

const ADA = storedAccountKey('ada')
const BOB = storedAccountKey('bob')

let lab: GrantsLab
let ada: Person
before(async () => {
  lab = await startGrantsLab()
  ada = await lab.person()
})
after(() => lab.close())

let host = 0
beforeEach(() => {
  host++
})
const from = () => `10.0.0.${host}`
const newLink = async () => linkIn((await lab.asProgram({ from: from() })).text)
const passes = async () => (await lab.asProgram({ from: from() })).status === 200
const codeOf = ({ headers }: { headers: Headers }) => headers.get('x-torhaus-error')

test("nobody confirms another account's request, nor learns what it is; both are in the audit log", async () => {
  const link = linkIn((await lab.asProgram({ from: from(), user: 'carol' })).text)
  for (const answer of [await ada.send(link), await lab.confirm(ada, link)]) {
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'confirmation-other-account'])
    assert.ok(!answer.text.includes('carol') && !answer.text.includes(from()))
  }
  assert.equal((await lab.asProgram({ from: from(), user: 'carol' })).status, 403)
  const record = lab.audited('confirmation-refused').at(-1)
  assert.deepEqual([record?.['user.name'], record?.['torhaus.other_account']], ['ada', 'carol'])
})

test('whoever is not signed in learns nothing of a link, be it open or invented', async () => {
  const link = await newLink()
  const invented = `${link.slice(0, -9)}BBBB-BBBB`
  for (const url of [link, invented]) {
    const answer = await new Person().send(url)
    assert.equal(answer.status, 303)
    assert.match(answer.headers.get('location') ?? '', /^\/\.torhaus\/sign-in\?return_to=[^&]+$/)
  }
  assert.equal(codeOf(await ada.send(invented)), 'confirmation-gone')
})

test('a link that was used, is too old, or never was, confirms nothing', async () => {
  const link = await newLink()
  assert.equal((await lab.confirm(ada, link)).status, 200)
  assert.equal(codeOf(await lab.confirm(ada, link)), 'confirmation-gone')
  for (const code of ['', '%00', '..%2f', "'--", 'x'.repeat(5000)])
    assert.ok([400, 404].includes((await lab.confirm(ada, link.slice(0, -9) + code)).status), code)
})

test('a form of another site, of no site, or in a frame confirms nothing', async () => {
  const link = await newLink()
  for (const origin of ['https://evil.example', 'null', undefined, `${lab.fixture.url}.evil.example`])
    assert.equal(codeOf(await ada.send(link, { method: 'POST', origin })), 'sign-in-not-same-origin', String(origin))
  const page = await ada.send(link)
  assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  assert.equal(page.headers.get('x-frame-options'), 'DENY')
  assert.equal(page.headers.get('cache-control'), 'no-store')
  assert.equal(await passes(), false)
})

test('of two confirmations at the same time one counts', async () => {
  const link = await newLink()
  const people = await Promise.all(Array.from({ length: 8 }, () => lab.person()))
  const before = await lab.metric('torhaus_grants_total{event="confirmed"}')
  const answers = await Promise.all(people.map(person => lab.confirm(person, link)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404, 404, 404, 404, 404, 404, 404])
  assert.equal(await lab.metric('torhaus_grants_total{event="confirmed"}'), before + 1)
})

test('what a program says it is appears on the page as text', async () => {
  const agent = 'git/1 <script>alert(1)</script>'
  const link = linkIn((await lab.asProgram({ from: from(), agent })).text)
  const { text } = await ada.send(link)
  assert.ok(text.includes('&lt;script&gt;') && !text.includes('<script'))
})

test('forms of the personal page need our Origin and a session, and touch nothing of others', async () => {
  await lab.confirm(ada, await newLink())
  const { text } = await ada.send(`${lab.fixture.url}/.torhaus/`)
  const forms = [...text.matchAll(/action="(\/\.torhaus\/(?:grants|sessions|sign-out-everywhere)[^"]*)"/g)]
  assert.ok(forms.length >= 2)
  for (const [, path = ''] of forms) {
    const url = lab.fixture.url + path
    assert.equal(
      codeOf(await ada.send(url, { method: 'POST', origin: 'https://evil.example' })),
      'sign-in-not-same-origin',
    )
    assert.equal(codeOf(await new Person().send(url, { method: 'POST', origin: lab.fixture.url })), 'session-ended')
  }
  assert.equal(await passes(), true)
})

test('"sign out everywhere" ends every session and takes every grant back', async () => {
  const other = await lab.person()
  await lab.confirm(other, await newLink())
  assert.equal(await passes(), true)
  assert.match((await lab.press(other, '/.torhaus/sign-out-everywhere')).text, /You are signed out/)
  assert.equal(await passes(), false)
  assert.equal((await ada.send(`${lab.fixture.url}/.torhaus/`)).status, 303)
  ada = await lab.person()
})

test('another worker notices that a grant was taken back within the time a cached one is believed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-grants-'))
  const file = join(directory, `${randomBytes(4).toString('hex')}.sqlite`)
  const databases = [1, 2].map(() => new SqliteDatabase(file, GRANT_SCHEMA))
  let nowMs = 1_800_000_000_000
  const sealer = new Sealer([randomBytes(32)])
  const settings = {
    requireBinding: true,
    lifetimeSeconds: 600,
    requestLifetimeSeconds: 600,
    ipv4PrefixBits: 32,
    ipv6PrefixBits: 64,
  }
  const [one, two] = databases.map(
    database =>
      new Grants(
        new SqliteGrantStore(database),
        sealer,
        { ...settings, cacheMs: 1000, maxCached: 10 },
        new Changes(),
        bothClocks(() => nowMs),
      ),
  )
  assert.ok(one && two)
  try {
    const freshness = { maxAgeSeconds: 600, acceptAcr: undefined }
    const asking = { clientAddress: '192.0.2.1', clientClass: 'git', fields: { kept: {} } } as never
    const scope = one.scopeOf(ADA, asking)
    const { request } = await one.ask(scope, asking, freshness, undefined)
    const evidence = { acr: 'mfa', acrs: [], amr: [], authTime: nowMs / 1000 }
    assert.equal(await one.confirm(request, BOB, evidence), 'other-account')
    assert.equal(await one.confirm(request, ADA, evidence), 'confirmed')
    assert.equal(await two.confirm(request, ADA, evidence), 'gone')
    const grant = await two.find(scope)
    assert.ok(grant)
    assert.equal(await one.revoke(BOB, grant.id), false)
    assert.equal(await one.revoke(ADA, grant.id), true)
    assert.equal(await one.find(scope), undefined)
    nowMs += 1000
    assert.equal(await two.find(scope), undefined)
  } finally {
    for (const database of databases) database.close()
    await rm(directory, { recursive: true, force: true })
  }
})

test('a password and a hundred addresses do not fill the store: older links make room', async () => {
  const links = []
  for (let last = 0; last <= 100; last++) {
    const asking = { user: 'carol', from: `10.9.9.${last}` } as const
    links.push(linkIn((await lab.asProgram(asking)).text))
    lab.turnClock(0.01)
  }
  assert.equal(new Set(links).size, 101)
  const codes = await Promise.all(
    [links[0], links[1], links[100]].map(async link => codeOf(await ada.send(link ?? ''))),
  )
  assert.deepEqual(codes, ['confirmation-gone', 'confirmation-other-account', 'confirmation-other-account'])
})
