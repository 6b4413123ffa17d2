/** `torhaus check` says what an unproven token opens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { configWarnings } from '../../src/cli/config-warnings.ts'

const warningsOf = (
  credentials: object,
  {
    admin = { host: '127.0.0.1' },
    oidc = {},
    secondFactor = {},
    kerberos = {},
    groups = {},
  }: Partial<Record<'admin' | 'groups' | 'kerberos' | 'oidc' | 'secondFactor', object>> = {},
) =>
  configWarnings({
    ...{ admin, kerberos, groups, listener: {} },
    credentials: {
      ...{ personalAccessTokens: ['azure-devops'], serverTokenIssuers: [], keepCookiesBesideTokens: false },
      ...{ patPolicy: { confirm: 'never', reportOnly: true }, ...credentials },
    },
    oidc: { profile: 'generic', requestFactorBy: 'acr_values', ...oidc },
    secondFactor: { acceptAcr: ['mfa'], acceptAcrs: [], acceptAmr: [], rules: [], ...secondFactor },
  } as unknown as Config).map(warning => warning.split(':')[0])

const ofProvider = (oidc: object, secondFactor: object = {}) => warningsOf(proof({}), { oidc, secondFactor })
const strict = { rules: [{ name: 'strict', acceptAcr: ['gold'], when: { groups: [] } }] }

const proof = (more: object) => ({
  patProof: { profile: 'azure-devops', off: false, unreadable: 'refuse', serverTokens: 'prove', ...more },
})

test('tokens that pass unproven are warned of, and cookies beside them', () => {
  assert.deepEqual(warningsOf({}), ['credentials.patProof'])
  assert.deepEqual(warningsOf(proof({ off: true })), ['credentials.patProof'])
  assert.deepEqual(warningsOf(proof({ reportOnly: true })), ['credentials.patProof.reportOnly'])
  assert.deepEqual(warningsOf(proof({ unreadable: 'forward' })), ['credentials.patProof.unreadable'])
  assert.deepEqual(warningsOf({ ...proof({}), keepCookiesBesideTokens: true }), ['credentials.keepCookiesBesideTokens'])
})

test('options of Kerberos that were of an earlier version are said to change nothing', () => {
  assert.deepEqual(warningsOf(proof({}), { kerberos: { realm: 'CORP.EXAMPLE' } }), [])
  assert.deepEqual(warningsOf(proof({}), { kerberos: { implementation: 'native', maxKdcCalls: 2 } }), [
    'kerberos.implementation',
    'kerberos.maxKdcCalls',
  ])
})

test('so is a trusted realm that is written as the name of its domain', () => {
  const trusting = (...realms: string[]) =>
    warningsOf(proof({}), { kerberos: { trustedRealms: realms.map(realm => ({ realm })) } })
  assert.deepEqual(trusting('PARTNER.EXAMPLE'), [])
  assert.deepEqual(trusting('PARTNER.EXAMPLE', 'other.example'), ['kerberos.trustedRealms[1].realm'])
})

test('confirmation that is only reported is warned of', () => {
  const withPolicy = (patPolicy: object) => warningsOf({ ...proof({}), patPolicy })
  assert.deepEqual(withPolicy({ confirm: 'first-use', reportOnly: true }), ['credentials.patPolicy.reportOnly'])
  assert.deepEqual(withPolicy({ confirm: 'first-use', reportOnly: false }), [])
})

test('so are JWTs of the server that pass unproven', () => {
  const serverTokenIssuers = ['urn:server']
  assert.deepEqual(warningsOf({ personalAccessTokens: [], serverTokenIssuers }), ['credentials.serverTokenIssuers'])
  for (const more of [{ serverTokens: 'forward' }, { profile: 'gitlab' }])
    assert.deepEqual(warningsOf({ ...proof(more), serverTokenIssuers }), ['credentials.serverTokenIssuers'])
  assert.deepEqual(warningsOf({ ...proof({}), serverTokenIssuers }), [])
})

test('no warning where tokens are proven, or none are taken', () => {
  assert.deepEqual(warningsOf(proof({})), [])
  assert.deepEqual(warningsOf({ personalAccessTokens: [] }), [])
})

test('a credential of the admin listener that can be read on its way is warned of', () => {
  const tls = { certificateFile: 'a', privateKeyFile: 'b' }
  assert.deepEqual(warningsOf(proof({}), { admin: { host: '192.0.2.21' } }), ['admin.tls'])
  assert.deepEqual(warningsOf(proof({}), { admin: { host: '192.0.2.21', tls } }), [])
  for (const host of ['127.0.0.1', 'localhost', '::1']) assert.deepEqual(warningsOf(proof({}), { admin: { host } }), [])
})

test('what an OP is believed without saying it is warned of', () => {
  const reason = { reason: 'as they say' }
  assert.deepEqual(ofProvider({ policyGuaranteesFactor: reason }), ['oidc.policyGuaranteesFactor'])
  assert.deepEqual(ofProvider({ authTimeFromSignIn: reason }), ['oidc.authTimeFromSignIn'])
})

test('what an OP can never prove is warned of', () => {
  const byPolicy = { policyGuaranteesFactor: { reason: 'as they say' } }
  assert.deepEqual(ofProvider(byPolicy, { ...strict, acceptAcr: [] }), [
    'oidc.policyGuaranteesFactor',
    'secondFactor.rules',
  ])
  assert.deepEqual(ofProvider({ requestFactorBy: 'nothing' }, strict), ['secondFactor.rules'])
  assert.deepEqual(ofProvider({}, strict), [])
  assert.deepEqual(ofProvider({ profile: 'entra' }), ['secondFactor.acceptAcrs'])
  assert.deepEqual(ofProvider({ profile: 'okta', bearer: {} }), ['oidc.bearer'])
})

test('a rule that asks more of a group is warned of where it fits everybody of whom nobody can say it', () => {
  const ruleOf = (require: string, ...groups: string[]) => ({ rules: [{ name: 'x', require, when: { groups } }] })
  const warned = (secondFactor: object, groups: object = {}) => warningsOf(proof({}), { secondFactor, groups })
  const path = 'secondFactor.rules[0].when.groups'
  for (const require of ['refuse', 'second-factor']) assert.deepEqual(warned(ruleOf(require, 'contractors')), [path])
  assert.deepEqual(warned(ruleOf('refuse', 'contractors'), { file: 'groups.yaml' }), [])
  assert.deepEqual(warned(ruleOf('first-factor', 'contractors')), [])
  assert.deepEqual(warned(ruleOf('refuse', 'S-1-5-21-1-2-3-1733')), [])
  assert.deepEqual(warned(ruleOf('refuse')), [])
})
