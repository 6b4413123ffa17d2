/** A rule that names an account means the person, whatever spelling came with the request. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type GrantsLab, startGrantsLab } from '../grants/grants-lab.ts'

let lab: GrantsLab
before(async () => {
  const refusing = (name: string, account: string) => ({
    ...{ name, require: 'refuse' },
    when: { account, path: `/${name}/.*` },
  })
  const rules = [
    refusing('bare', 'ada'),
    refusing('netbios', 'CORP\\\\ada'),
    refusing('dns', 'ada@corp\\.example'),
    refusing('everybody', 'corp\\\\.+'),
    refusing('other-domain', 'OTHER\\\\ada|ada@other\\.example'),
    refusing('other-person', 'CORP\\\\adam?x|CORP\\\\bob'),
  ]
  lab = await startGrantsLab({ rules }, { account: { domains: ['CORP', 'corp.example'] } })
})
after(() => lab?.close())

test('every spelling in a rule fits the person, and no other domain or person does', async () => {
  const statusAt = async (path: string) => (await lab.ask(`GET ${path}`, [lab.bearerField])).status
  for (const name of ['bare', 'netbios', 'dns', 'everybody']) assert.equal(await statusAt(`/${name}/x`), 403, name)
  for (const name of ['other-domain', 'other-person']) assert.equal(await statusAt(`/${name}/x`), 200, name)
})
