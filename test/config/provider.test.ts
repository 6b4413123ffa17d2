import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { parseConfig } from '../../config/load.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-provider-'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  await Promise.all([
    writeFile(join(directory, 'key'), randomBytes(32).toString('base64')),
    writeFile(join(directory, 'secret'), 'secret'),
    writeFile(join(directory, 'other-curve'), privateKey.export({ type: 'pkcs8', format: 'pem' })),
  ])
})
after(() => rm(directory, { recursive: true }))

const load = (oidc: object) =>
  parseConfig(
    stringify({
      publicUrl: 'https://devops.example',
      upstream: { url: 'https://tfs.example', identity: { kind: 'none' } },
      oidc: { issuer: 'https://op.example', clientId: 'torhaus', ...oidc },
      secondFactor: { acceptAcr: ['mfa'] },
      session: { encryptionKeyFiles: ['key'] },
    }),
    directory,
    {},
  )

const wrong: readonly (readonly [path: string, says: RegExp, oidc: object])[] = [
  ['clientAuthentication', /needs clientSecretFile/, { clientAuthentication: 'client_secret_post' }],
  ['clientAuthentication', /needs clientKeyFile/, { clientAuthentication: 'private_key_jwt' }],
  ['clientAuthentication', /is none/, { clientAuthentication: 'none', clientSecretFile: 'secret' }],
  ['clientKeyFile', /cannot be combined/, { clientSecretFile: 'secret', clientKeyFile: 'other-curve' }],
  ['clientKeyFile', /must contain an RSA key/, { clientKeyFile: 'other-curve' }],
  ['clientKeyFile', /must contain a private key in PEM/, { clientKeyFile: 'secret' }],
  ['clientKeyId', /needs clientKeyFile/, { clientKeyId: 'ours' }],
  ['authorizationParameters.prompt', /use the option prompt/, { authorizationParameters: { prompt: 'login' } }],
  ['authorizationParameters.state', /remove it/, { authorizationParameters: { state: 'x' } }],
  ['authorizationParameters.resource', /must be text/, { authorizationParameters: { resource: 1 } }],
  ['claims.id_token.acrs', /requestFactorBy/, { acrValues: ['c1'], claims: { id_token: { acrs: null } } }],
  ['prompt', /prompt=login/, { prompt: 'consent', authTimeFromSignIn: { reason: 'none sent' } }],
  ['prompt', /must not be none/, { prompt: 'login none' }],
  ['scopes', /must contain openid/, { scopes: ['profile', 'openid-connect'] }],
  ['accounts', /Unterminated group/, { accounts: '(' }],
  ['idToken.accountTemplate', /at least one claim in braces/, { idToken: { accountTemplate: 'preferred_username' } }],
  ['idToken.accountTemplate', /a character between two claims/, { idToken: { accountTemplate: '{first}{last}' } }],
  ['accessToken.accountTemplate', /an unmatched brace/, { accessToken: { accountTemplate: '{sub}}' } }],
  ['authTimeFromSignIn.reason', /is required/, { authTimeFromSignIn: {} }],
  ['policyGuaranteesFactor.reason', /is required/, { policyGuaranteesFactor: {} }],
  ['proxy', /must be an http or https URL/, { proxy: 'proxy:3128' }],
  ['proxy', /credentials/, { proxy: 'http://a:b@proxy:3128' }],
  ['caFile', /certificate in PEM/, { caFile: 'secret' }],
  ['profile', /must be one of: generic/, { profile: 'okra' }],
]

for (const [path, says, oidc] of wrong) {
  test(`${JSON.stringify(oidc)} is refused at oidc.${path}`, () => {
    const loaded = load(oidc)
    assert.ok(!loaded.ok)
    const told = loaded.diagnostics.filter(diagnostic => diagnostic.path === `oidc.${path}`)
    assert.ok(
      told.some(({ message }) => says.test(message)),
      JSON.stringify(loaded.diagnostics),
    )
  })
}

test('scopes may stand in one text, and a template may be of several claims', () => {
  assert.ok(load({ scopes: ['openid profile'], idToken: { accountTemplate: 'CORP\\{first}.{last}' } }).ok)
})

test('a profile gives its options where the file says nothing, and the file comes first', () => {
  const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47'
  const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`
  const loaded = load({ profile: 'entra', issuer, clientSecretFile: 'secret', requestFactorBy: 'nothing' })
  assert.ok(loaded.ok)
  const { clientAuthentication, issuerAliases, requestFactorBy, scopes } = Object(loaded.config.oidc)
  assert.deepEqual([clientAuthentication, requestFactorBy], ['client_secret_post', 'nothing'])
  assert.deepEqual(issuerAliases, [`https://sts.windows.net/${tenant}/`])
  assert.deepEqual(scopes, ['openid', 'profile', 'offline_access'])
})

test('within a section the file comes first option by option', () => {
  const loaded = load({ profile: 'adfs', issuer: 'https://fs.corp.example/adfs', idToken: { amr: ['amr'] } })
  assert.ok(loaded.ok)
  const { idToken, accessToken, issuerAliases } = Object(loaded.config.oidc)
  assert.deepEqual([idToken.amr, idToken.accountTemplate], [['amr'], '{upn}'])
  assert.deepEqual(accessToken.amr, ['amr', 'authmethod'])
  assert.deepEqual(issuerAliases, ['http://fs.corp.example/adfs/services/trust'])
})

test('a profile asks for no secret where there is none', () => {
  const loaded = load({ profile: 'lemonldap' })
  assert.ok(loaded.ok)
  assert.equal(loaded.config.oidc?.clientAuthentication, undefined)
})
