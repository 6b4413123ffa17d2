/** Two people never get one account, whatever their claims. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accountMapper } from '../../src/oidc/account.ts'

type Settings = Parameters<typeof accountMapper>[0]
const ANYTHING = '[\\s\\S]{1,300}'
const usual: Settings = {
  template: '{name}',
  pattern: ANYTHING,
  case: 'keep',
  fromSeveralProviders: false,
  fromPrincipal: 'user',
  domains: [],
}
const map = (claims: Record<string, unknown>, settings: Partial<Settings> = {}) =>
  accountMapper({ ...usual, ...settings })(claims)

test('letter case of A to Z is folded, and no other letter becomes one of these', () => {
  for (const [name, upper, lower] of [
    ['Kim', 'KIM', 'kim'],
    ['adm\u0131n', 'ADM\u0131N', 'adm\u0131n'],
    ['\u0130rma', '\u0130RMA', '\u0130rma'],
    ['stra\u00dfe', 'STRA\u00dfE', 'stra\u00dfe'],
    ['M\u00dcller', 'M\u00dcLLER', 'm\u00dcller'],
    ['\u03a3igma', '\u03a3IGMA', '\u03a3igma'],
  ] as const) {
    assert.equal(map({ name }, { case: 'upper' }), upper)
    assert.equal(map({ name }, { case: 'lower' }), lower)
    assert.equal(map({ name }), name)
  }
})

test('what a server, a log or UTF-8 would take for somebody else is no account', () => {
  const alike = [
    ['the Kelvin sign', '\u212aim'],
    ['a long s', 'a\u017fa'],
    ['full width', '\uff41dmin'],
    ['a ligature', '\ufb01nn'],
    ['not composed', 'a\u0308da'],
    ['\u00c5ngstr\u00f6m sign', '\u212bke'],
    ['zero width', 'ad\u200bmin'],
    ['soft hyphen', 'ad\u00admin'],
    ['right to left', '\u202enimda'],
    ['half a pair', 'a\ud800b'],
    ['a C1 control', 'ad\u0085min'],
    ['a line separator', 'ad\u2028min'],
    ['private use', 'ad\ue000min'],
    ['a tag character', 'admin\u{e0061}'],
    ['NUL', 'admin\0'],
  ] as const
  for (const [why, name] of alike)
    for (const letterCase of ['keep', 'lower', 'upper'] as const)
      assert.equal(map({ name }, { case: letterCase }), undefined, why)
})

test('blanks at the ends of a claim are no part of an account, nor does a template hide them', () => {
  for (const blank of [' ', '\t', '\u00a0', '\u2003', '\u3000', '\ufeff'])
    for (const name of [`${blank}admin`, `admin${blank}`, blank])
      for (const template of ['{name}', 'CORP\\{name}', '{name}@corp.example'])
        assert.equal(map({ name }, { template }), undefined, JSON.stringify([name, template]))
})

test('a claim cannot bring a domain of its own where the template has one', () => {
  for (const template of ['CORP\\{name}', '{name}@corp.example', 'corp/{name}']) {
    for (const name of ['OTHER\\admin', 'admin@other.example', 'other/admin', '\\admin', 'admin@', '/'])
      assert.equal(map({ name }, { template }), undefined, JSON.stringify([name, template]))
    assert.ok(map({ name: 'admin' }, { template }))
  }
  for (const name of ['OTHER\\admin', 'admin@other.example'])
    assert.equal(map({ name }), name, 'without one it says whose it is')
})

test('numbers that JSON has rounded are no account', () => {
  assert.equal(map({ name: 7 }), '7')
  for (const name of [2 ** 53, 1e21, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal(map({ name }), undefined, String(name))
})

/** Strings with what matters here more often than chance would have it. */
const claim = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'aAbkKsSiI.-@\\/ ', '\u212a', '\u017f', '\u0131', '\u0130', '\u0308', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 2 }),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map(parts => parts.join(''))
const letterCase = fc.constantFrom('keep', 'lower', 'upper' as const) as fc.Arbitrary<Settings['case']>
const asciiOnly = (text: string) => text.replace(/[A-Z]/g, letter => String.fromCharCode(letter.charCodeAt(0) + 32))

test('people with different claims have different accounts, but for the case of A to Z', () => {
  const templates = fc.constantFrom('{a}', 'CORP\\{a}', '{a}@corp.example', '{a}.{b}', 'CORP\\{a}-{b}', '{a}--{b}')
  fc.assert(
    fc.property(templates, letterCase, claim, claim, claim, claim, (template, letters, a, b, otherA, otherB) => {
      const one = map({ a, b }, { template, case: letters })
      const other = map({ a: otherA, b: otherB }, { template, case: letters })
      if (one === undefined || one !== other) return
      const names = template.includes('{b}')
        ? [
            [a, b],
            [otherA, otherB],
          ]
        : [[a], [otherA]]
      const [mine, theirs] = letters === 'keep' ? names : names.map(all => all.map(asciiOnly))
      assert.deepEqual(mine, theirs)
    }),
    { numRuns: 5000 },
  )
})

test('an account is what it is in UTF-8, and after normalisation by a server', () => {
  fc.assert(
    fc.property(letterCase, claim, (letters, name) => {
      const account = map({ name }, { case: letters })
      if (account === undefined) return
      assert.equal(Buffer.from(account, 'utf8').toString('utf8'), account)
      for (const form of ['NFC', 'NFKC'] as const) assert.equal(account.normalize(form), account)
    }),
    { numRuns: 5000 },
  )
})
