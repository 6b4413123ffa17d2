/** Test data of gokrb5: keytabs and parts of PACs, of AD, Samba and of the documents. */
import assert from 'node:assert/strict'
import { readKeytab } from '../../src/kerberos/protocol/keytab.ts'
import { readLogonInfo } from '../../src/kerberos/protocol/logon-info.ts'
import { readPac } from '../../src/kerberos/protocol/pac.ts'
import { readUpnDnsInfo } from '../../src/kerberos/protocol/upn-dns-info.ts'
import { DECODERS, isRead } from './decoders.ts'
import type { Suite } from './vectors.ts'
import type { Files, Read } from './vectors-of-mit.ts'

const READERS: readonly (readonly [RegExp, (octets: Buffer) => string])[] = [
  [/^KEYTAB_/, octets => `${readKeytab(octets).entries.length} AES keys`],
  [/^MarshaledPAC_AD_WIN2K_PAC$/, octets => `buffers ${[...readPac(octets).keys()].join(' ')}`],
  [/^MarshaledPAC_Kerb_Validation_Info/, octets => account(octets)],
  [/^MarshaledPAC_UPN_DNS_Info$/, octets => readUpnDnsInfo(octets).dnsDomain],
]

function account(octets: Buffer): string {
  const { userSid, groupSids, accountControl } = readLogonInfo(octets)
  assert.match(userSid, /^S-1-5-21(-\d+){4}$/)
  // An ordinary account, whose password does not expire in two of three (MS-SAMR 2.2.1.12).
  assert.equal(accountControl & ~0x200, 0x10)
  return `${groupSids.length} groups`
}

/** Whatever else is there in hexadecimal is read or refused with a code. */
function byAll(octets: Buffer): string {
  for (const decoder of DECODERS) isRead(decoder, octets)
  return 'read or refused by all'
}

export function gokrb5Suites(read: Read, files: Files): Suite[] {
  const text = files('{v8/test,test}/testdata/test_vectors.go').map(file => read(file).toString())[0] ?? ''
  const vectors = [...text.matchAll(/^\s*(\w+)\s*=\s*"([0-9a-fA-F]{8,})"/gm)].map(([, name = '', hex = '']) => ({
    name,
    run: () => (READERS.find(([pattern]) => pattern.test(name))?.[1] ?? byAll)(Buffer.from(hex, 'hex')),
  }))
  return [{ name: 'test_vectors.go', vectors }]
}
