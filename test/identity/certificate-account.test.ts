/** Which account a certificate names, whatever is in its names. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { certificateAccount } from '../../src/identity/certificate-account.ts'
import { type ClientAuthorities, createClientAuthorities } from '../certificates/client-authority.ts'

type Source = 'upn' | 'mail' | 'common-name'

let authorities: ClientAuthorities
before(() => {
  authorities = createClientAuthorities()
})
after(() => authorities?.[Symbol.dispose]())

const UPN = 'otherName:1.3.6.1.4.1.311.20.2.3;UTF8:'

/** `names`: values of the section for subject alternative names (x509v3_config(5)); none: there is no such extension. */
function accountOf(
  names: readonly string[],
  from: readonly Source[],
  pattern = '.+',
  commonName = 'ada',
): string | undefined {
  const lines = names.map((name, index) => {
    const colon = name.indexOf(':')
    return `${name.slice(0, colon)}.${index} = ${name.slice(colon + 1)}`
  })
  const extensions =
    names.length === 0 ? 'basicConstraints=CA:FALSE' : `subjectAltName=@names\n[names]\n${lines.join('\n')}`
  const { cert } = authorities.root.sign(commonName, { extensions })
  return certificateAccount({ accountFrom: from, accountPattern: pattern }, 'keep')(new X509Certificate(cert))
}

test('the first source that is there counts, and only that', () => {
  const names = ['email:ada@mail.example', `${UPN}ada@corp.example`]
  assert.equal(accountOf(names, ['upn', 'mail']), 'ada@corp.example')
  assert.equal(accountOf(names, ['mail', 'upn']), 'ada@mail.example')
  assert.equal(accountOf(['DNS:ada'], ['upn', 'mail', 'common-name']), 'ada')
  assert.equal(accountOf([], ['upn', 'mail']), undefined)
  // It does not fall back to what the pattern likes better.
  assert.equal(accountOf(names, ['upn', 'mail'], '.+@mail\\.example'), undefined)
})

test('two different names of a kind are none, the same one twice is one', () => {
  const [ada, grace] = [`${UPN}ada@corp.example`, `${UPN}grace@corp.example`]
  assert.equal(accountOf([ada, grace], ['upn']), undefined)
  assert.equal(accountOf([ada, ada], ['upn']), 'ada@corp.example')
})

test('what stands inside one name is no other name', () => {
  // OpenSSL's own syntax takes a backslash away.
  assert.equal(accountOf([`${UPN}x\\, email:root@corp.example`], ['mail']), undefined)
  assert.equal(accountOf([`${UPN}x\\, email:root@corp.example`], ['upn']), 'x, email:root@corp.example')
  assert.equal(accountOf([`URI:http://x/\\, othername:UPN:root@corp.example`], ['upn']), undefined)
  assert.equal(accountOf(['DNS:x, othername:UPN:root', 'email:ada@corp.example'], ['upn', 'mail']), 'ada@corp.example')
  assert.equal(accountOf([`${UPN}\\"x\\" email:root@corp.example`], ['upn', 'mail']), '"x" email:root@corp.example')
})

test('the pattern holds for the whole name, and may cut the account out', () => {
  const [names, pattern] = [[`${UPN}ada@corp.example`], '(?<account>[a-z]+)@corp\\.example']
  assert.equal(accountOf(names, ['upn'], pattern), 'ada')
  assert.equal(accountOf([`${UPN}ada@corp.example.evil`], ['upn'], pattern), undefined)
  assert.equal(accountOf([`${UPN}EVIL ada@corp.example`], ['upn'], pattern), undefined)
})

test('a name that would not stay what it is on its way is none', () => {
  for (const name of ['ada\u200b@corp.example', '\ufb01nn@corp.example', ' ada@corp.example'])
    assert.equal(accountOf([`${UPN}${name}`], ['upn']), undefined, JSON.stringify(name))
})
