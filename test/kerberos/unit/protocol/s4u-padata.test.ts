/** Whom a KDC says that it made a ticket for (PA-S4U-X509-USER, MS-SFU 3.1.5.1.1.2), where it was to find that out itself. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { field, generalString, integer, sequence } from '../../../../src/kerberos/protocol/der-writer.ts'
import { writeChecksum } from '../../../../src/kerberos/protocol/encrypted-data.ts'
import { EncryptionKey, KEY_USAGE } from '../../../../src/kerberos/protocol/encryption-key.ts'
import { PA } from '../../../../src/kerberos/protocol/kdc-request.ts'
import {
  NAME_TYPE,
  nameOf,
  type PrincipalName,
  writePrincipalName,
} from '../../../../src/kerberos/protocol/principal-name.ts'
import { verifyS4uX509Reply } from '../../../../src/kerberos/protocol/s4u-padata.ts'

const key = new EncryptionKey(18, Buffer.alloc(32, 3))
const NONCE = 1234
const upn: PrincipalName = { type: NAME_TYPE.enterprise, components: ['ada@other.example'] }
const lovelace = nameOf('lovelace', NAME_TYPE.principal)

/** Its answer is about the account, in our realm. */
function judge({ nonce = NONCE, type = 16, asked = upn, said = lovelace, realm = 'CORP.TEST' } = {}): void {
  const id = sequence(...[field(0, integer(nonce)), field(1, writePrincipalName(said)), field(2, generalString(realm))])
  const checksum = writeChecksum(type, key.checksum(KEY_USAGE.s4uX509, id))
  const padata = { type: PA.s4uX509User, value: sequence(field(0, id), field(1, checksum)) }
  verifyS4uX509Reply([padata], { user: asked, realm: 'CORP.TEST', nonce: NONCE }, key)
}

it('a UPN may be another name now, in the answer to this very question', () => {
  judge()
  judge({ asked: lovelace })
  assert.throws(() => judge({ nonce: NONCE + 1 }), { code: 'mismatch' })
  assert.throws(() => judge({ nonce: NONCE + 1, asked: lovelace }), { code: 'mismatch' })
  assert.throws(() => judge({ asked: nameOf('ada', NAME_TYPE.principal) }), { code: 'mismatch' })
})

it('a name may be in the letters that the directory has it in, as Active Directory writes it where it resolves names', () => {
  judge({ asked: lovelace, said: nameOf('Lovelace', NAME_TYPE.principal), realm: 'corp.test' })
  assert.throws(() => judge({ asked: lovelace, said: nameOf('Lovelac', NAME_TYPE.principal) }), { code: 'mismatch' })
  assert.throws(() => judge({ asked: lovelace, realm: 'OTHER.TEST' }), { code: 'mismatch' })
})

it('a checksum of another type than the key has is none', () => {
  for (const type of [15, 19, 20, -138, 7]) assert.throws(() => judge({ type }), { code: 'integrity' }, `${type}`)
})
