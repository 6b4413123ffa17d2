/** A grant is worth what the sign-in of the person who confirmed is worth, by the policy of now: as a session is. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { type GrantsLab, linkIn, startGrantsLab } from './grants-lab.ts'
import type { Person } from './person.ts'

type Accepting = { readonly acceptAcr?: string[]; readonly acceptAmr?: string[] }

let lab: GrantsLab
let ada: Person
before(async () => {
  lab = await startGrantsLab()
  ada = await lab.person()
  assert.equal((await lab.confirm(ada, linkIn((await lab.asProgram()).text))).status, 200)
})
after(() => lab.close())

const under = (accepting: Accepting) =>
  lab.fixture.restart(config => {
    const { secondFactor } = config as { secondFactor: object }
    return { ...config, secondFactor: { ...secondFactor, acceptAcr: [], acceptAmr: [], ...accepting } }
  })

const bySession = async () => (await ada.send(`${lab.fixture.url}/page`)).status === 200
const byGrant = async () => (await lab.asProgram()).status === 200

test('after a tightened policy a grant passes where the session of the one who confirmed it does, and nowhere else', async () => {
  const outcomes: [Accepting, boolean][] = [
    [{ acceptAcr: ['urn:torhaus:acr:mfa'] }, true],
    [{ acceptAcr: ['urn:example:stronger'] }, false],
    [{ acceptAmr: ['otp'] }, true],
    [{ acceptAmr: ['hwk'] }, false],
    [{ acceptAcr: ['urn:example:stronger'], acceptAmr: ['mfa'] }, true],
  ]
  for (const [accepting, passes] of outcomes) {
    await under(accepting)
    assert.deepEqual([await bySession(), await byGrant()], [passes, passes], JSON.stringify(accepting))
  }
})

test('a grant of an earlier version is judged by what it has: acr and auth_time', async () => {
  const file = lab.fixture.configFile.replace(/[^/]+$/, 'sessions.sqlite')
  using database = new SqliteDatabase(file, '')
  await database.execute('DELETE FROM grant_confirmations')
  await under({ acceptAcr: ['urn:torhaus:acr:mfa'] })
  assert.equal(await byGrant(), true)
  await under({ acceptAmr: ['otp'] })
  assert.equal(await byGrant(), false)
  await under({ acceptAcr: ['urn:example:stronger'] })
  assert.equal(await byGrant(), false)
})
