import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { canonicalPrincipal, userPrincipalName } from '../../../src/kerberos/canonical-principal.ts'

const directory = { realm: 'CORP.TEST', netbiosDomain: 'CORP' }
const canonical = (input: string) => canonicalPrincipal(input, directory)

describe('an account', () => {
  it('has one spelling, however it was written (hazard 5)', () => {
    for (const input of ['alice', 'Alice', 'CORP\\alice', 'corp\\ALICE', 'alice@corp.test', 'Alice@CORP.TEST']) {
      assert.equal(canonical(input), 'alice@CORP.TEST', input)
    }
  })

  it('may hold the characters Windows allows, in any script', () => {
    assert.equal(canonical('Jörg.Müller-Lüdenscheidt'), 'jörg.müller-lüdenscheidt@CORP.TEST')
    assert.equal(canonical('PC0815$'), 'pc0815$@CORP.TEST')
    assert.equal(canonical("o'brien_2"), "o'brien_2@CORP.TEST")
    assert.equal(canonical('Анна Иванова'), 'анна иванова@CORP.TEST')
  })

  it('keeps its canonical form when it is made canonical again', () => {
    for (const input of ['Alice', 'İbrahim', 'ǅungla', 'ΟΔΥΣΣΕΥΣ'.normalize('NFKC')]) {
      const once = tryCanonical(input)
      if (once !== undefined) assert.equal(tryCanonical(once) ?? once, once, input)
    }
  })

  it('whose lower case is another account is refused', () => {
    assert.throws(() => canonical('\u0130rma'), { code: 'principal-malformed' })
    assert.equal(canonical('i\u0307rma'), 'i\u0307rma@CORP.TEST')
  })

  it('of another realm or domain is refused', () => {
    for (const input of [
      'alice@OTHER.TEST',
      'OTHER\\alice',
      'alice@',
      '\\alice',
      'alice@corp.test.',
      'a@b@other.test',
    ]) {
      assert.throws(() => canonical(input), { code: 'foreign-realm' }, input)
    }
    assert.throws(() => canonicalPrincipal('CORP\\alice', { realm: 'CORP.TEST' }), { code: 'foreign-realm' })
    assert.throws(() => canonical('CORP.TEST\\alice'), { code: 'foreign-realm' })
    const kelvin = { realm: 'KORP.TEST', netbiosDomain: 'KORP' }
    for (const input of ['\u212aORP\\alice', 'alice@\u212aORP.TEST'])
      assert.throws(() => canonicalPrincipal(input, kelvin), { code: 'foreign-realm' }, input)
    assert.throws(() => canonical('alice@CORP'), { code: 'foreign-realm' })
  })

  it('is refused where it is no user account', () => {
    const services = ['HTTP/proxy.corp.test', 'alice/admin', 'alice\\@corp@corp.test', 'CORP\\alice@corp.test']
    const nonsense = [
      '',
      ' ',
      ' alice',
      'alice ',
      'alice.',
      'a\0b',
      'a\nb',
      'a"b',
      'a*',
      'a,b',
      'a=b',
      'a'.repeat(65),
      '@corp.test',
    ]
    const bidi = ['al\u202eice', 'alice\u200b', '\u0301alice']
    for (const input of [...services, ...nonsense, ...bidi]) {
      assert.throws(() => canonical(input), { name: 'KerberosError' }, JSON.stringify(input))
    }
  })

  it('is refused where its lower case could be somebody else', () => {
    // Kelvin sign, long s, full-width a, ligature fi.
    for (const input of ['\u212aevin', '\u017fue', '\uff41lice', '\ufb01nn']) {
      assert.throws(() => canonical(input), { code: 'principal-malformed' }, input)
    }
  })

  it('is not repeated in the refusal', () => {
    assert.throws(
      () => canonical('secret-name@OTHER.TEST'),
      error => !String(error).includes('secret-name'),
    )
  })
})

describe('a UPN of another suffix', () => {
  const upnSuffixes = ['other.example', 'Third.Example']
  const upn = (input: string) => userPrincipalName(input, { ...directory, upnSuffixes })

  it('has one spelling, under each suffix that is configured', () => {
    for (const input of ['ada@other.example', 'Ada@Other.Example']) assert.equal(upn(input), 'ada@other.example')
    assert.equal(upn('ada@third.example'), 'ada@third.example')
    assert.equal(upn(`${'a'.repeat(64)}@other.example`)?.length, 64 + '@other.example'.length)
  })

  it('is none without a suffix, under another one, or where the suffix is written as a domain', () => {
    for (const input of [
      ...[
        'ada',
        'CORP\\ada',
        'ada@corp.test',
        'ada@elsewhere.example',
        'ada@evil.other.example',
        'ada@other.example.evil',
      ],
      ...['other.example\\ada', 'ada@other.exampl', 'ada@'],
    ])
      assert.equal(upn(input), undefined, input)
    assert.equal(userPrincipalName('ada@other.example', directory), undefined, 'none is configured')
  })

  it('is of a name that an account could have', () => {
    for (const name of ['', 'a@b', 'a/b', 'a\0', 'a'.repeat(65), '\u212aate'])
      assert.throws(() => upn(`${name}@other.example`), { code: 'principal-malformed' }, JSON.stringify(name))
  })
})

it('a name has 64 characters at most', () => {
  assert.equal(canonical('a'.repeat(64)), `${'a'.repeat(64)}@CORP.TEST`)
  assert.throws(() => canonical('a'.repeat(65)), { code: 'principal-malformed' })
})

function tryCanonical(input: string): string | undefined {
  try {
    return canonical(input)
  } catch {
    return undefined
  }
}
