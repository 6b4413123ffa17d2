/** Which KDCs a krb5.conf names, as people and programs write it. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { krb5ConfigKdcs } from '../../../src/kerberos/krb5-config-kdcs.ts'
import { realmLocator } from '../../../src/kerberos/realm-locator.ts'

const directory = mkdtempSync(join(tmpdir(), 'torhaus-krb5-'))
after(() => rmSync(directory, { recursive: true }))

function written(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

const kdcsIn = (krb5ConfigFile: string, realm = 'CORP.TEST') =>
  krb5ConfigKdcs(realm, { krb5ConfigFile, environment: {} }).map(({ host, port }) => `${host}:${port}`)

test('those of the realm, in their order, and of no other realm, section or relation', () => {
  const file = written(
    'usual.conf',
    `# kdc = comment
[libdefaults]
  default_realm = CORP.TEST
  CORP.TEST = {
    kdc = none
  }
[realms]
  OTHER = {
    kdc = other
  }
  CORP.TEST = {
\tauth_to_local_names = {
      kdc = nested
    }
    ; kdc = comment
    kdc = dc1:1088
    admin_server = admin
    kdc="dc2"
    kdc = [fd00::1]:88
  }
[domain_realm]
  kdc = none
[realms]
  CORP.TEST = {
    kdc = dc3
  }
`,
  )
  assert.deepEqual(kdcsIn(file), ['dc1:1088', 'dc2:88', 'fd00::1:88', 'dc3:88'])
  assert.deepEqual(kdcsIn(file, 'NOBODY'), [])
  assert.deepEqual(kdcsIn(file, 'corp.test'), [])
})

test('those of the files that it includes, as libkrb5 reads them', () => {
  const folder = join(directory, 'included.d')
  mkdirSync(folder)
  const realm = (kdc: string) => `[realms]\nCORP.TEST = {\n kdc = ${kdc}\n}\n`
  for (const [name, kdc] of Object.entries({
    b_2: 'second',
    'a.conf': 'first',
    '.hidden.conf': 'no',
    'x.conf.bak': 'no',
  }))
    writeFileSync(join(folder, name), realm(kdc))
  // libkrb5 passes over it.
  mkdirSync(join(folder, 'old'))
  const file = written(
    'including.conf',
    `includedir ${folder}\ninclude ${written('one.inc', realm('third'))}\n${realm('own')}`,
  )
  assert.deepEqual(kdcsIn(file), ['first:88', 'second:88', 'third:88', 'own:88'])
  const circle = join(directory, 'circle.conf')
  writeFileSync(circle, `include ${circle}\n`)
  assert.deepEqual(kdcsIn(circle), [])
  assert.throws(() => kdcsIn(folder), { code: 'EISDIR' }, 'which is no krb5.conf itself')
})

test('those of the files in KRB5_CONFIG, of which some may be missing; what the configuration names goes first', async () => {
  const [one, two] = ['one', 'two'].map(kdc => written(`${kdc}.conf`, `[realms]\nCORP.TEST = {\nkdc = ${kdc}\n}\n`))
  const environment = { KRB5_CONFIG: [one, join(directory, 'missing.conf'), two].join(delimiter) }
  const found = (file?: string, kdcs: string[] = []) =>
    realmLocator('CORP.TEST', kdcs, { krb5ConfigFile: file, environment }, Date.now).addresses()
  assert.deepEqual(
    await found(),
    ['one', 'two'].map(host => ({ host, port: 88 })),
  )
  assert.deepEqual(await found(two), [{ host: 'two', port: 88 }])
  assert.deepEqual(await found(two, ['own:1088']), [{ host: 'own', port: 1088 }])
})

test('one that names only what cannot be asked is an error that says what to do', () => {
  const file = written('proxied.conf', '[realms]\nCORP.TEST = {\n kdc = https://proxy.corp.test/KdcProxy\n}\n')
  assert.throws(
    () => kdcsIn(file),
    /proxied\.conf names no KDC of CORP\.TEST that can be asked \(https:.*\): .*kerberos\.kdcs/,
  )
})
