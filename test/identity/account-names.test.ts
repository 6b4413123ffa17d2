/** One person in every spelling, and nobody else in any. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accountNames } from '../../src/identity/account-key.ts'
import { principalAccount } from '../../src/identity/principal-account.ts'
import { canonicalPrincipal } from '../../src/kerberos/canonical-principal.ts'
import { KerberosError } from '../../src/kerberos/kerberos-error.ts'

type Account = Parameters<typeof accountNames>[1]['account']
const usual: Account = {
  ...{
    template: '{preferred_username}',
    pattern: '.+',
    case: 'keep',
    fromSeveralProviders: false,
    fromPrincipal: 'user',
  },
  domains: ['CORP', 'corp.example'],
}
const names = (account: Partial<Account> = {}) => accountNames(undefined, { account: { ...usual, ...account } })

const SPELLINGS = ['carol', 'CAROL', 'Carol', 'CORP\\carol', 'corp\\CAROL', 'carol@corp.example', 'Carol@CORP.EXAMPLE']
const MORE = ['corp.example\\carol', 'carol@CORP']
const STRANGERS = [
  ...[
    'OTHER\\carol',
    'carol@other.example',
    'CORP\\OTHER\\carol',
    'OTHER\\carol@corp.example',
    'carol@other@corp.example',
  ],
  ...[
    'CORP/carol',
    'CORP\\',
    '@corp.example',
    '\\carol',
    'CORP\\bob',
    'carol ',
    'c\u0430rol',
    'carol@corp.example.evil',
  ],
]

test('every spelling of a person has one key, and no other name has it', () => {
  const { keyOf } = names()
  for (const spelling of [...SPELLINGS, ...MORE]) assert.equal(keyOf(spelling), 'carol', spelling)
  const keys = [...STRANGERS, 'bob'].map(keyOf)
  assert.ok(!keys.includes(keyOf('carol')))
})

test('the key is spelled as the template spells accounts, so that what is stored already is found', () => {
  const domains: string[] = []
  for (const [settings, key] of [
    [{ template: 'CORP\\{sam}' }, 'CORP\\carol'],
    [{ template: 'CORP\\{sam}', case: 'lower' }, 'corp\\carol'],
    [{ template: 'Corp\\{sam}', case: 'upper' }, 'CORP\\CAROL'],
    [{ template: '{sam}@corp.example' }, 'carol@corp.example'],
    [{ template: '{sam}', domains: ['CORP', 'corp.example'] }, 'carol'],
    [{ template: '{upn}@corp.example', pattern: '(?<account>.+)@corp\\.example' }, 'carol@corp.example'],
  ] as const) {
    const { keyOf } = names({ domains, ...settings } as Partial<Account>)
    assert.equal(keyOf(key), key)
    assert.equal(keyOf(keyOf(key)), keyOf(key))
  }
  const { keyOf } = names({ template: 'CORP\\{sam}', domains: ['corp.example'] })
  for (const spelling of [...SPELLINGS, ...MORE]) assert.equal(keyOf(spelling), 'CORP\\carol', spelling)
})

test('where nothing says whose domain it is, names of domains stay apart', () => {
  const { keyOf, perhaps } = names({ domains: [] })
  assert.equal(keyOf('CAROL'), keyOf('carol'))
  assert.equal(new Set(['carol', 'CORP\\carol', 'OTHER\\carol', 'carol@corp.example'].map(keyOf)).size, 4)
  assert.deepEqual(['CORP\\carol', 'carol', 'CORP\\OTHER\\carol'].map(perhaps), ['carol', undefined, undefined])
  assert.equal(names().perhaps('OTHER\\carol'), undefined)
  // Of a template with two separators nobody can say which of them is that of the domain.
  assert.equal(names({ domains: [], template: 'CORP\\{sam}@{dns}' }).keyOf('carol'), 'carol')
})

test('keys of before are among those that are looked for: the spelling of the OP, in any domain notation', () => {
  const { keysOf } = names()
  for (const old of [...SPELLINGS, ...MORE])
    if (!/Carol@CORP/.test(old)) assert.ok(keysOf('cAROL').includes(keysOf(old)[0] as never), old)
  for (const old of ['carol', 'CAROL', 'Carol', 'CORP\\carol', 'CORP\\CAROL', 'carol@corp.example'])
    assert.ok((keysOf('CORP\\carol') as readonly string[]).includes(old), old)
  for (const stranger of STRANGERS) assert.ok(!(keysOf('carol') as readonly string[]).includes(stranger), stranger)
})

test('with a directory the key is the principal, and rules know it by every name', () => {
  const directoryNames = { realm: 'CORP.TEST', netbiosDomain: 'CORP' }
  const kerberos = directoryNames as never
  const principalOf = (account: string) => canonicalPrincipal(account, directoryNames)
  const directory = { principalOf, resolve: principalOf }
  const { keyOf, spellingsOf, keysOf } = accountNames(directory, { account: { ...usual, domains: [] }, kerberos })
  for (const spelling of ['admin', 'CORP\\Admin', 'admin@corp.test', 'corp.test\\admin', 'admin@CORP']) {
    assert.equal(keyOf(spelling), 'admin@CORP.TEST')
    for (const name of ['admin', 'CORP\\admin', 'admin@CORP.TEST'])
      assert.ok(spellingsOf(spelling).includes(name), name)
  }
  assert.deepEqual(keysOf('admin'), ['admin@CORP.TEST', 'admin'])
  assert.deepEqual(spellingsOf('OTHER\\admin'), ['OTHER\\admin'])
  assert.equal(keyOf('OTHER\\Admin'), 'other\\admin')
})

/** The person that a name stands for, said in another way: by taking it apart. */
function personOf(name: string): string {
  const folded = name.replace(/[A-Z]/g, letter => String.fromCharCode(letter.charCodeAt(0) + 32))
  const parts = folded.split(/[\\@/]/)
  const [first = '', last = ''] = folded.includes('\\') ? parts : parts.toReversed()
  const isOurs = parts.length === 2 && ['corp', 'corp.example'].includes(first) && last !== '' && !folded.includes('/')
  return isOurs ? last : folded
}

test('two names have one key only if they are one person', () => {
  const name = fc
    .array(
      fc.oneof(
        fc.constantFrom('CORP', 'corp.example', 'OTHER', 'carol', 'CAROL', '\\', '@', '/'),
        fc.string({ unit: 'grapheme', maxLength: 2 }),
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map(parts => parts.join(''))
  for (const settings of [
    {},
    { template: 'CORP\\{sam}' },
    { template: '{sam}@corp.example', case: 'upper' as const },
  ]) {
    const { keyOf } = names(settings)
    fc.assert(
      fc.property(name, name, (one, other) => {
        assert.equal(keyOf(one) === keyOf(other), personOf(one) === personOf(other), JSON.stringify([one, other]))
        assert.equal(keyOf(keyOf(one)), keyOf(one))
      }),
      { numRuns: 3000 },
    )
  }
})

test('a UPN that the directory resolves becomes the account it says; one that it does not know is nobody', async () => {
  const directoryNames = { realm: 'CORP.TEST' }
  const principalOf = (account: string) => canonicalPrincipal(account, directoryNames)
  let answer = async () => principalOf('lovelace')
  const resolve = (account: string) => (account.endsWith('@other.example') ? answer() : principalOf(account))
  const kerberos = directoryNames as never
  const namesWith = (account: Partial<Account>) =>
    accountNames({ principalOf, resolve }, { account: { ...usual, ...account, domains: [] }, kerberos })
  assert.equal(await namesWith({}).resolve('ada@other.example'), 'lovelace')
  assert.equal(await namesWith({ fromPrincipal: 'principal' }).resolve('ada@other.example'), 'lovelace@CORP.TEST')
  for (const name of ['Ada', 'CORP\\ada', 'ada@elsewhere.example']) assert.equal(namesWith({}).resolve(name), name)
  answer = () => Promise.reject(new KerberosError('client-unknown', 's4u2self'))
  assert.equal(await namesWith({}).resolve('ada@other.example'), undefined)
  answer = () => Promise.reject(new KerberosError('kdc-unreachable', 's4u2self'))
  await assert.rejects(async () => namesWith({}).resolve('ada@other.example'), { code: 'kdc-unreachable' })
})

test('somebody of a trusted realm is nobody of ours: no rule for one name is about the other', () => {
  const directoryNames = { realm: 'CORP.TEST', netbiosDomain: 'CORP', trustedRealms: [{ realm: 'PARTNER.TEST' }] }
  const principalOf = (account: string) => canonicalPrincipal(account, directoryNames)
  const kerberos = directoryNames as never
  const { keyOf, spellingsOf } = accountNames(
    { principalOf, resolve: principalOf },
    { account: { ...usual, domains: [] }, kerberos },
  )
  assert.equal(keyOf('Admin@partner.test'), 'admin@PARTNER.TEST')
  assert.deepEqual(spellingsOf('admin@PARTNER.TEST'), ['admin@PARTNER.TEST'])
  assert.ok(!spellingsOf('admin').some(name => /partner/i.test(name)))
  for (const [name, fromPrincipal, expected] of [
    ['admin', 'user', 'admin'],
    ['admin', 'principal', 'admin@CORP.TEST'],
    ['admin@partner.test', 'user', 'admin@PARTNER.TEST'],
  ] as const)
    assert.equal(principalAccount(principalOf(name), { fromPrincipal, case: 'keep' }, 'CORP.TEST'), expected)
})
