import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { usedFiles } from '../../config/files.ts'
import { parseConfig } from '../../config/load.ts'
import { configSchema } from '../../config/schema.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-providers-'))
  await writeFile(join(directory, 'key'), randomBytes(32).toString('base64'))
})
after(() => rm(directory, { recursive: true }))

const one = { issuer: 'https://op.example', clientId: 'torhaus', accounts: 'a-.*' }
const other = { issuer: 'https://other.example', clientId: 'torhaus', accounts: 'b-.*' }

const load = (parts: object) =>
  parseConfig(
    stringify({
      publicUrl: 'https://devops.example',
      upstream: { url: 'https://tfs.example', identity: { kind: 'none' } },
      secondFactor: { acceptAcr: ['mfa'] },
      session: { encryptionKeyFiles: ['key'] },
      ...parts,
    }),
    directory,
    {},
  )

test('several providers are valid, each with defaults and the profile of its own', () => {
  const loaded = load({ providers: { one: { ...one, profile: 'keycloak' }, other } })
  assert.ok(loaded.ok, JSON.stringify(loaded))
  const { providers } = loaded.config
  assert.deepEqual([providers?.one?.requestFactorBy, providers?.other?.requestFactorBy], ['claims.acr', 'acr_values'])
})

test('files of a provider are relative to the configuration, watched, and must be there', () => {
  const loaded = load({ providers: { one: { ...one, clientSecretFile: 'key' }, other } })
  assert.ok(loaded.ok, JSON.stringify(loaded))
  assert.equal(usedFiles(configSchema, loaded.config).filter(name => name === join(directory, 'key')).length, 2)
  const missing = load({ providers: { one: { ...one, clientSecretFile: 'gone' }, other } })
  assert.ok(!missing.ok && missing.diagnostics.some(({ path }) => path === 'providers.one.clientSecretFile'))
})

const wrong: readonly (readonly [path: string, says: RegExp, parts: object])[] = [
  ['oidc', /is required, unless there are providers/, {}],
  ['oidc', /is required, unless there are providers/, { providers: {} }],
  ['providers', /cannot be combined with oidc/, { oidc: one, providers: { other } }],
  ['providers', /lower-case letters/, { providers: { one, Other: other } }],
  ['providers.other.isuer', /is not an option/, { providers: { one, other: { ...other, isuer: 'x' } } }],
  ['providers.other.issuer', /must be https/, { providers: { one, other: { ...other, issuer: 'http://o.example' } } }],
  ['providers.other.issuer', /two providers/, { providers: { one, other: { ...other, issuer: one.issuer } } }],
  ['providers.other.issuer', /two providers/, { providers: { one, other: { ...other, issuerAliases: [one.issuer] } } }],
  ['providers.other.accounts', /is required/, { providers: { one, other: { ...other, accounts: undefined } } }],
  ['providers.other.accounts', /./, { providers: { one, other: { ...other, accounts: '(' } } }],
]

for (const [path, says, parts] of wrong) {
  test(`${JSON.stringify(parts)} is refused at ${path}`, () => {
    const loaded = load(parts)
    assert.ok(!loaded.ok)
    const told = loaded.diagnostics.filter(diagnostic => diagnostic.path === path)
    assert.ok(
      told.some(({ message }) => says.test(message)),
      JSON.stringify(loaded.diagnostics),
    )
  })
}

test('groups that nobody could be in, and a file that holds something else, are refused', async () => {
  const rule = { name: 'x', when: { groups: ['admins'] }, require: 'refuse' }
  const rules = { secondFactor: { acceptAcr: ['mfa'], rules: [rule] } }
  await writeFile(join(directory, 'groups.yaml'), 'admins: carol\n')
  for (const [path, parts] of [
    ['secondFactor.rules[0].when.groups', { oidc: one, ...rules }],
    ['groups.require', { oidc: one, groups: { require: ['staff'] } }],
    ['groups.file', { oidc: one, groups: { file: 'groups.yaml' } }],
  ] as const) {
    const loaded = load(parts)
    assert.ok(!loaded.ok && loaded.diagnostics.some(diagnostic => diagnostic.path === path), JSON.stringify(loaded))
  }
  assert.ok(load({ oidc: { ...one, idToken: { groups: ['groups'] } }, ...rules }).ok)
})
