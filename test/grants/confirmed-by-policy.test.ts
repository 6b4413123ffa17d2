/**
 * A grant that was confirmed by a sign-in whose second factor the OP only guarantees by policy: it is bound to that,
 * and worth what such a sign-in is worth now, as the session of the one who confirmed it is.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { confirmAt } from '../../devkit/clients/own-forms.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { linkIn } from './grants-lab.ts'

const policyGuaranteesFactor = { reason: 'access control policy of AD FS' }
/** The OP has the other one do all that Torhaus asks for, and types nothing. */
const ada = { name: 'ada', password: '' }

let op: LyingOp
let lab: SignInLab
let browser: BrowserClient
let token: string
let right: { readonly oidc: object; readonly secondFactor: object }
before(async () => {
  op = await startLyingOp()
  op.tell(({ sign, header, claims: { acr: _, ...claims } }) => sign(header, claims))
  lab = await startSignInLab({
    issuer: op.issuer,
    configure: config => ({ ...config, oidc: { ...config.oidc, policyGuaranteesFactor } }),
  })
  const nowS = Math.floor(Date.now() / 1000)
  const claims = { iss: op.issuer, aud: 'devops', sub: 'subject-of-ada', preferred_username: 'ada', auth_time: nowS }
  token = await op.sign({ ...op.header, typ: 'at+jwt' }, { ...claims, iat: nowS, exp: nowS + 3600 })
  browser = new BrowserClient()
  const link = linkIn(await (await asProgram()).text())
  const page = await confirmAt(browser, link, ada)
  assert.equal(page.status, 200, page.text)
  await lab.restart(config => {
    right = config as typeof right
    return right
  })
})
beforeEach(() => lab.restart(() => right))
after(async () => {
  await lab?.close()
  await op?.close()
})

const asProgram = () =>
  fetch(`${lab.url}/repo/info/refs?service=git-upload-pack`, {
    headers: { Authorization: `Bearer ${token}`, 'User-Agent': 'git/2.50.1' },
  })

/** What becomes of the session of the person, and of the program that they have confirmed. */
const outcomes = async () => [
  codeOf(await browser.send(`${lab.url}/repo/page`, { fields: { 'Sec-Fetch-Mode': 'cors', Accept: '*/*' } })),
  codeOf(await asProgram()),
]

test('it passes where the policy is enough, as the session does', async () => {
  assert.deepEqual(await outcomes(), [null, null])
  const record = await lab.logged(({ 'torhaus.admitted_by': by }) => by === 'grant')
  assert.equal(record['user.name'], 'ada')
})

for (const more of [{ maxAgeSeconds: 3600 }, { acceptAcr: ['urn:torhaus:acr:mfa'] }])
  test(`it satisfies no rule that sets ${Object.keys(more)[0]}, nor does the session`, async () => {
    const rules = [{ name: 'strict', when: { path: '/repo/.*' }, require: 'second-factor', ...more }]
    await lab.restart(() => ({ ...right, secondFactor: { ...right.secondFactor, rules } }))
    assert.deepEqual(await outcomes(), ['second-factor-missing', 'second-factor-missing'])
  })

test('where the OP guarantees nothing any more, neither counts; where it does again, both do', async () => {
  const { policyGuaranteesFactor: _, ...oidc } = right.oidc as { policyGuaranteesFactor?: object }
  await lab.restart(() => ({ ...right, oidc }))
  assert.deepEqual(await outcomes(), ['second-factor-missing', 'second-factor-missing'])
  await lab.restart(() => right)
  assert.deepEqual(await outcomes(), [null, null])
})

test('who takes the policy out of the store, or claims in its place, has no grant', async () => {
  const file = lab.configFile.replace(/[^/]+$/, 'sessions.sqlite')
  const stored = async () => {
    using database = new SqliteDatabase(file, '')
    return String(database.row('SELECT confirmations FROM grant_confirmations')?.confirmations)
  }
  const write = async (text: string) => {
    using database = new SqliteDatabase(file, '')
    await database.execute('UPDATE grant_confirmations SET confirmations = ?', text)
  }
  const before = await stored()
  assert.match(before, /"byPolicy":true/)
  for (const instead of ['', '"acr":"urn:torhaus:acr:mfa",']) {
    await write(before.replace('"byPolicy":true,', instead))
    await lab.restart(() => right)
    assert.deepEqual(await outcomes(), [null, 'second-factor-missing'])
  }
  await write(before)
  await lab.restart(() => right)
  assert.deepEqual(await outcomes(), [null, null])
})
