import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factorParameters } from '../../src/oidc/factor-request.ts'

const claims = { id_token: { acrs: { essential: true, value: 'c1' }, email: null }, userinfo: { name: null } }
const without = '{"userinfo":{"name":null},"id_token":{"email":null}}'
const by = (requestFactorBy: 'acr_values' | 'claims.acr' | 'claims.acrs' | 'nothing', more = {}) => ({
  ...{ requestFactorBy, acrValues: [], ...more },
})

test('acr_values asks for what is configured, or for what a rule wants in its place', () => {
  const settings = by('acr_values', { acrValues: ['mfa', 'hwk'] })
  assert.deepEqual(factorParameters(settings, []), { acr_values: 'mfa hwk' })
  assert.deepEqual(factorParameters(settings, ['gold']), { acr_values: 'gold' })
  assert.deepEqual(factorParameters(by('acr_values'), []), {})
})

test('an essential claim asks in the parameter claims, and in nothing beside it', () => {
  assert.deepEqual(factorParameters(by('claims.acr', { acrValues: ['1', '2'] }), []), {
    claims: '{"id_token":{"acr":{"essential":true,"values":["1","2"]}}}',
  })
  assert.deepEqual(factorParameters(by('claims.acrs', { claims }), ['c2']), {
    claims: '{"userinfo":{"name":null},"id_token":{"email":null,"acrs":{"essential":true,"value":"c2"}}}',
  })
})

test('what a rule wants takes the configured factor out of the parameter claims, and leaves the rest', () => {
  assert.deepEqual(factorParameters(by('acr_values', { claims }), []), { claims: JSON.stringify(claims) })
  assert.deepEqual(factorParameters(by('acr_values', { claims }), ['gold']), { acr_values: 'gold', claims: without })
  const only = { id_token: { acr: { essential: true, value: 'c1' } } }
  assert.deepEqual(factorParameters(by('acr_values', { claims: only }), ['gold']), { acr_values: 'gold' })
})

test('an OP that takes neither is asked by neither', () => {
  assert.deepEqual(factorParameters(by('nothing', { acrValues: ['mfa'] }), ['gold']), {})
})
