import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountMapper } from '../../src/oidc/account.ts'

type Settings = Parameters<typeof accountMapper>[0]
const usual: Settings = {
  template: '{preferred_username}',
  pattern: '[^\\x00-\\x20\\x7f]{1,256}',
  case: 'keep',
  fromSeveralProviders: false,
  fromPrincipal: 'user',
  domains: [],
}
const map = (claims: Record<string, unknown>, settings: Partial<Settings> = {}) =>
  accountMapper({ ...usual, ...settings })(claims)

test('claims fill the template, text and numbers', () => {
  assert.equal(map({ preferred_username: 'Ada' }), 'Ada')
  assert.equal(map({ sam: 'ada', number: 7 }, { template: 'CORP\\{sam}-{number}' }), 'CORP\\ada-7')
  assert.equal(map({ 'https://x/y': 'ada' }, { template: '{https://x/y}' }), 'ada')
})

test('a missing, empty or structured claim is no account', () => {
  for (const preferred_username of [undefined, null, '', [], ['ada'], {}, true])
    assert.equal(map({ preferred_username }), undefined, JSON.stringify(preferred_username))
  assert.equal(map({ sam: 'ada' }, { template: '{sam}@{realm}' }), undefined)
  assert.equal(map({}, { template: '{constructor}' }), undefined)
})

test('what stands in braces in a claim is not filled in again', () => {
  assert.equal(map({ preferred_username: '{sub}', sub: 'admin' }), '{sub}')
})

test('the pattern must match the whole account, and its group named account becomes it', () => {
  const pattern = '(?<account>[a-z]+)@corp\\.example'
  assert.equal(map({ preferred_username: 'ada@corp.example' }, { pattern }), 'ada')
  for (const preferred_username of ['ada@corp.example.evil', 'x ada@corp.example', 'ada@corp.example\n', 'ada'])
    assert.equal(map({ preferred_username }, { pattern }), undefined, preferred_username)
  assert.equal(map({ preferred_username: 'root' }, { pattern: 'ada|carol' }), undefined)
  assert.equal(map({ preferred_username: 'adaX' }, { pattern: 'ada|carol' }), undefined)
})

test('letter case is kept, lowered or raised', () => {
  assert.equal(map({ preferred_username: 'Ada' }, { case: 'lower' }), 'ada')
  assert.equal(map({ preferred_username: 'Ada' }, { case: 'upper' }), 'ADA')
})

test('control characters never get through, whatever the pattern allows', () => {
  for (const character of ['\0', '\r', '\n', '\t', '\x1f', '\x7f'])
    assert.equal(map({ preferred_username: `a${character}b` }, { pattern: '[\\s\\S]*' }), undefined)
})

test('an account of 257 characters, or with a space in it, needs a pattern that says so', () => {
  assert.equal(map({ preferred_username: 'a'.repeat(257) }), undefined)
  assert.equal(map({ preferred_username: 'ada lovelace' }), undefined)
  assert.equal(map({ preferred_username: 'ada lovelace' }, { pattern: '[a-z ]+' }), 'ada lovelace')
})
