/** `torhaus check` warns of rules that decide nothing, and of networks that anybody can be in. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { accountTemplateWarnings } from '../../config/account-template.ts'
import { clientAddressWarnings } from '../../config/client-address-warnings.ts'
import { parseConfig } from '../../config/load.ts'
import { ruleWarnings } from '../../config/rule-warnings.ts'
import type { Config } from '../../config/schema.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-rules-'))
  await writeFile(join(directory, 'key'), randomBytes(32).toString('base64'))
})
after(() => rm(directory, { recursive: true }))

interface Parts {
  readonly rules?: readonly object[]
  readonly [section: string]: unknown
}

function configOf({ rules = [], ...more }: Parts): Config {
  const loaded = parseConfig(
    stringify({
      publicUrl: 'https://devops.example',
      upstream: { url: 'https://tfs.example', identity: { kind: 'none' } },
      oidc: { issuer: 'https://op.example', clientId: 'torhaus' },
      secondFactor: {
        acceptAcr: ['mfa'],
        rules: rules.map((rule, index) => ({ name: `rule-${index}`, reason: 'a test', ...rule })),
      },
      session: { encryptionKeyFiles: ['key'] },
      ...more,
    }),
    directory,
    {},
  )
  assert.ok(loaded.ok, JSON.stringify(loaded))
  return loaded.config
}

const pathsOf = (warnings: readonly string[]) => warnings.map(warning => warning.split(': ')[0])
const ofRules = (...rules: object[]) => pathsOf(ruleWarnings(configOf({ rules })))

const REFUSED = { when: { path: '/admin/.*' }, require: 'refuse' }

test('a rule below one that fits whatever it fits is told to come too late', () => {
  for (const when of [{}, { path: '/.*' }, { path: '.*' }, { path: '/admin/.*' }]) {
    const found = ruleWarnings(configOf({ rules: [{ when, require: 'first-factor' }, REFUSED] }))
    assert.deepEqual(pathsOf(found), ['secondFactor.rules[1]'], JSON.stringify(when))
    assert.match(found.join(), /is never reached: rule-0, above it/)
  }
  const methods = (...names: string[]) => ({ when: { methods: names }, require: 'second-factor' })
  assert.deepEqual(ofRules(methods('GET', 'POST'), methods('POST')), ['secondFactor.rules[1]'])
})

test('nothing is said of a rule that may still decide something', () => {
  const first = (when: object, more: object = {}) => ({ when, require: 'first-factor', ...more })
  assert.deepEqual(ofRules(REFUSED, first({})), [])
  assert.deepEqual(ofRules(first({}, { reportOnly: true }), REFUSED), [])
  assert.deepEqual(ofRules(first({ networks: ['10.0.0.0/8'] }), REFUSED), [])
  assert.deepEqual(ofRules(first({ methods: ['GET'] }), { when: { methods: ['GET', 'POST'] }, require: 'refuse' }), [])
  assert.deepEqual(ofRules(first({ schemes: ['session'] }), { when: {}, require: 'refuse' }), [])
  assert.deepEqual(ofRules(first({ account: 'ada' }), { when: { account: 'bob' }, require: 'refuse' }), [])
})

test('a rule that asks more of a group is not too late below one that asks less: of some nobody knows the group', () => {
  const config = configOf({
    rules: [
      { when: { groups: ['staff'] }, require: 'first-factor' },
      { when: { groups: ['staff'] }, require: 'second-factor' },
    ],
    oidc: { issuer: 'https://op.example', clientId: 'torhaus', idToken: { groups: ['groups'] } },
  })
  assert.deepEqual(ruleWarnings(config), [])
})

test('a rule for credentials that nobody can show names the option that would let them', () => {
  const of = (schemes: string[], more: object = {}) =>
    ruleWarnings(configOf({ rules: [{ when: { schemes }, require: 'first-factor' }], ...more })).join()
  for (const [scheme, option] of [
    ['negotiate', 'the section kerberos'],
    ['basic', 'kerberos.passwords.accept'],
    ['certificate', 'listener.tls.clientCertificates.firstFactor'],
    ['bearer', 'oidc.bearer'],
    ['server-token', 'credentials.serverTokenIssuers'],
  ] as const)
    assert.equal(of([scheme]), `secondFactor.rules[0].when.schemes: never matches without ${option}`)
  assert.match(of(['pat'], { credentials: { personalAccessTokens: [] } }), /without credentials\.personalAccessTokens/)
  for (const schemes of [['pat'], ['session'], ['none'], ['negotiate', 'session']]) assert.equal(of(schemes), '')
})

test('a path that begins without a slash is told to fit nothing', () => {
  for (const path of ['admin', 'admin/.*', '^admin/.*', 'https://devops.example/admin'])
    assert.deepEqual(ofRules({ when: { path }, require: 'refuse' }), ['secondFactor.rules[0].when.path'], path)
  for (const path of [
    '/admin',
    '^/admin',
    '.*/admin',
    '(?:/tfs)?/admin',
    'x?/admin',
    'x*/admin',
    'x{0,1}/admin',
    'x|/y',
  ])
    assert.deepEqual(ofRules({ when: { path }, require: 'refuse' }), [], path)
})

test('a rule that lets every path pass without credentials is told, however that is written', () => {
  const of = (when: object) => ofRules({ when, require: 'nothing' })
  for (const path of ['.*', '.+', '/.*', '^/.*', '/.*$'])
    assert.deepEqual(of({ path }), ['secondFactor.rules[0].when.path'], path)
  for (const when of [
    { path: '/public/.*' },
    { path: '/.*', networks: ['10.0.0.0/8'] },
    { path: '/.*', methods: ['OPTIONS'] },
    { path: '/.*', account: 'ada' },
    { path: '/.*', schemes: ['session'] },
  ])
    assert.deepEqual(of(when), [])
})

test('what the OP says of a sign-in by one factor is told to be no second factor', () => {
  const of = (secondFactor: object) => pathsOf(ruleWarnings(configOf({ secondFactor })))
  assert.deepEqual(of({ acceptAmr: ['mfa', 'pwd', 'wia'] }), ['secondFactor.acceptAmr[1]', 'secondFactor.acceptAmr[2]'])
  const rules = [{ name: 'x', when: {}, require: 'second-factor', acceptAcr: ['0'] }]
  assert.deepEqual(of({ acceptAcr: ['0'], rules }), ['secondFactor.acceptAcr[0]', 'secondFactor.rules[0].acceptAcr[0]'])
  assert.deepEqual(of({ acceptAcr: ['mfa', '2'], acceptAmr: ['otp', 'hwk', 'sc'] }), [])
})

const ofAddresses = (parts: Parts) => pathsOf(clientAddressWarnings(configOf(parts)))

test('where somebody else ends TLS and nobody is believed, all clients are told to be one', async () => {
  assert.deepEqual(ofAddresses({}), ['listener.trustedProxies'])
  assert.deepEqual(ofAddresses({ listener: { trustedProxies: ['192.0.2.10'] } }), [])
  assert.deepEqual(ofAddresses({ publicUrl: 'http://localhost:8080' }), [])
})

test('networks of which less is asked are told where everybody in them is believed to be anybody', () => {
  const trusting = (trustedProxies: string[], networks: string[], require = 'first-factor') =>
    ofAddresses({ listener: { trustedProxies }, rules: [{ when: { networks }, require }] })
  const path = 'secondFactor.rules[0].when.networks'
  assert.deepEqual(trusting(['10.0.0.0/8'], ['192.0.2.0/24', '10.5.0.0/16']), [path])
  assert.deepEqual(trusting(['10.0.0.0/8'], ['10.5.1.1'], 'nothing'), [path])
  assert.deepEqual(trusting(['::ffff:10.0.0.0/104'], ['10.5.0.0/16']), [path])
  assert.deepEqual(trusting(['fd00::/8'], ['fd00:5::/32']), [path])
  assert.deepEqual(trusting(['10.0.0.5'], ['10.0.0.0/8']), [])
  assert.deepEqual(trusting(['10.0.0.5'], ['10.0.0.5']), [])
  assert.deepEqual(trusting(['10.0.0.0/24'], ['10.0.0.0/8']), [])
  assert.deepEqual(trusting(['10.0.0.0/8'], ['10.5.0.0/16'], 'refuse'), [])
})

test('so are networks in which nobody is asked to confirm a token', () => {
  const found = ofAddresses({
    listener: { trustedProxies: ['10.0.0.0/8'] },
    credentials: {
      patProof: { profile: 'azure-devops' },
      patPolicy: { confirm: 'first-use', confirmExceptFrom: ['10.5.0.0/16'] },
    },
  })
  assert.deepEqual(found, ['credentials.patPolicy.confirmExceptFrom'])
})

test('a domain around accounts that only a template of tokens knows is told: carol would be somebody else', () => {
  const of = (accountTemplate: string, account: object = {}) =>
    pathsOf(
      accountTemplateWarnings(
        configOf({
          oidc: { issuer: 'https://op.example', clientId: 'torhaus', idToken: { accountTemplate } },
          account,
        }),
      ),
    )
  for (const template of ['CORP\\{sam}', '{name}@corp.example'])
    assert.deepEqual(of(template), ['oidc.idToken.accountTemplate'], template)
  assert.deepEqual(of('{upn}'), [])
  assert.deepEqual(of('CORP\\{sam}', { domains: ['corp'] }), [])
  assert.deepEqual(of('CORP\\{sam}', { template: 'Corp\\{name}' }), [])
  assert.deepEqual(of('CORP\\{sam}', { pattern: 'CORP.(?<account>[a-z]+)' }), [])
})
