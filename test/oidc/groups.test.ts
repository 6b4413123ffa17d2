/** Groups by claim, by role and by file: who may pass at all, and which rule decides. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { basic, samplePat } from '../../devkit/torhaus/proxy-under-test.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const OVERDUE_MS = 1_500_000
/** How far the clock of Torhaus is ahead: it goes on while a test takes its time. */
let aheadMs = 0
let op: LyingOp
let directory: string
let lab: SignInLab | undefined
before(async () => {
  op = await startLyingOp()
  directory = await mkdtemp(join(tmpdir(), 'torhaus-groups-'))
  await writeFile(join(directory, 'groups.yaml'), 'admins: [ADA, carol]\nguests: []\n')
})
afterEach(async () => {
  await lab?.close()
  lab = undefined
  op.tell()
  aheadMs = 0
})
after(async () => {
  await op?.close()
  await rm(directory, { recursive: true, force: true })
})

const claims = { idToken: { groups: ['groups'] }, accessToken: { groups: ['groups'] } }
const inFile = () => ({ file: join(directory, 'groups.yaml') })
/** `/admin` is for admins, and contractors reach nothing below `/secret`. */
const rules = [
  { name: 'admins', reason: 'they know', when: { path: '/admin/.*', groups: ['admins'] }, require: 'first-factor' },
  { name: 'admin', when: { path: '/admin/.*' }, require: 'refuse' },
  { name: 'contractors', when: { path: '/secret/.*', groups: ['contractors'] }, require: 'refuse' },
]

async function start(oidc: object, more: object = {}): Promise<SignInLab> {
  lab = await startSignInLab({
    ...{ issuer: op.issuer, now: () => Date.now() + aheadMs },
    configure: config => ({
      ...config,
      oidc: { ...config.oidc, ...oidc },
      secondFactor: { ...config.secondFactor, rules },
      ...more,
    }),
  })
  return lab
}

const tell = (more: Readonly<Record<string, unknown>>) =>
  op.tell(({ sign, header, claims: right }) => sign(header, { ...right, ...more }))

/** Of somebody who has signed in at the start page. */
async function endAt(lab: SignInLab, path: string) {
  const browser = new BrowserClient()
  const start = await browser.get(`${lab.url}/`)
  const { status, headers } = codeOf(start) === null ? await browser.send(lab.url + path) : start
  return codeOf({ headers }) ?? status
}

test('a rule for a group decides by the claim', async () => {
  const lab = await start(claims)
  tell({ groups: ['users', 'admins'] })
  assert.deepEqual([await endAt(lab, '/admin/x'), await endAt(lab, '/secret/x')], [200, 200])
  tell({ groups: ['contractors'] })
  assert.deepEqual([await endAt(lab, '/admin/x'), await endAt(lab, '/secret/x')], ['rule-refuses', 'rule-refuses'])
  assert.equal(await endAt(lab, '/other'), 200)
})

test('roles are read where a path with dots leads to them, beside groups', async () => {
  const lab = await start({ idToken: { groups: ['groups', 'realm_access.roles'] } })
  tell({ groups: [], realm_access: { roles: ['admins'] } })
  assert.equal(await endAt(lab, '/admin/x'), 200)
})

for (const [what, said] of [
  ['kept elsewhere, for they are too many', { groups: [], _claim_names: { groups: 'src1' } }],
  ['said to be there and are not', { groups: [], hasgroups: true }],
  ['missing', {}],
  ['no list', { groups: 'admins' }],
] as const) {
  test(`groups that are ${what} are a refusal with its reason, and never empty`, async () => {
    const lab = await start(claims)
    tell(said)
    const end = await new BrowserClient().get(`${lab.url}/other`)
    assert.deepEqual([end.status, codeOf(end)], [403, 'groups-unknown'])
    const id = end.headers.get('x-request-id')
    const record = await lab.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
    assert.match(String(record['error.message']), /^groups is/)
  })
}

test('where nobody asks for groups, nobody is refused for want of them', async () => {
  lab = await startSignInLab({
    issuer: op.issuer,
    configure: config => ({ ...config, oidc: { ...config.oidc, ...claims } as typeof config.oidc }),
  })
  assert.equal(await endAt(lab, '/other'), 200)
})

test('who may pass at all is in one of the required groups, by claim or by file', async () => {
  const lab = await start(claims, { groups: { ...inFile(), require: ['staff', 'admins'] } })
  tell({ groups: ['staff'] })
  assert.equal(await endAt(lab, '/other'), 200)
  tell({ groups: [] })
  assert.equal(await endAt(lab, '/other'), 200, 'ADA is in the file')
  tell({ groups: ['others'], preferred_username: 'eve' })
  assert.equal(await endAt(lab, '/other'), 'group-required')
})

test('a change at the OP counts from the next refresh on', async () => {
  const lab = await start(claims, { groups: { require: ['staff'] } })
  tell({ groups: ['staff'] })
  const browser = new BrowserClient()
  await browser.get(`${lab.url}/`)
  const page = async () => {
    const answer = await browser.send(`${lab.url}/secret/x`, { fields: { 'Sec-Fetch-Mode': 'cors' } })
    return codeOf(answer) ?? answer.status
  }
  assert.equal(await page(), 200)
  tell({ groups: ['staff', 'contractors'] })
  assert.equal(await page(), 200, 'not asked yet')
  aheadMs += OVERDUE_MS
  assert.equal(await page(), 'rule-refuses')
  tell({ groups: ['contractors'] })
  aheadMs += OVERDUE_MS
  assert.equal(await page(), 'group-required')
  tell({ _claim_names: { groups: 'src1' } })
  aheadMs += OVERDUE_MS
  assert.equal(await page(), 'session-ended')
})

test('a session outlives a restart with its groups; one from before they were asked for is over', async () => {
  const secondFactor = { acceptAcr: ['urn:torhaus:acr:mfa'] }
  tell({ groups: ['admins'] })
  const lab = await start(claims)
  const browser = new BrowserClient()
  await browser.get(`${lab.url}/`)
  await lab.restart()
  assert.equal((await browser.send(`${lab.url}/admin/x`)).status, 200)
  await lab.restart(config => ({ ...config, secondFactor }))
  const early = new BrowserClient()
  await early.get(`${lab.url}/`)
  await lab.restart(config => ({ ...config, secondFactor: { ...secondFactor, rules } }))
  assert.equal((await early.send(`${lab.url}/`)).status, 302)
})

test('an access token is judged by its own groups, and refused where they are missing', async () => {
  const lab = await start(claims)
  const nowS = Math.floor(Date.now() / 1000)
  const ask = async (more: object) => {
    const person = { sub: 's', preferred_username: 'eve', acr: 'urn:torhaus:acr:mfa', auth_time: nowS }
    const right = { iss: op.issuer, aud: 'devops', iat: nowS, exp: nowS + 60, ...person, ...more }
    const token = await op.sign({ ...op.header, typ: 'at+jwt' }, right)
    const answer = await fetch(`${lab.url}/admin/x`, { headers: { Authorization: `Bearer ${token}` } })
    return codeOf(answer) ?? answer.status
  }
  assert.equal(await ask({ groups: ['admins'] }), 200)
  assert.equal(await ask({ groups: ['users'] }), 'rule-refuses')
  assert.equal(await ask({}), 'bearer-groups-unknown')
})

test('a personal access token of nobody known is no member, and is refused where a group is', async () => {
  const lab = await start(claims)
  const [, value = ''] = basic('', samplePat).split(': ')
  const ask = async (path: string) => {
    const answer = await fetch(lab.url + path, { headers: { Authorization: value } })
    return codeOf(answer) ?? answer.status
  }
  const ends = [await ask('/admin/x'), await ask('/secret/x'), await ask('/x')]
  assert.deepEqual(ends, ['rule-refuses', 'rule-refuses', 200])
  await lab.restart(config => ({ ...config, groups: { require: ['staff'] } }))
  assert.equal(await ask('/x'), 'group-required')
})
