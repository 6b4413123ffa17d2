import { createHash, createHmac } from 'node:crypto'
import type { EncryptionKey } from './encryption-key.ts'

/** Checksum type of RFC 4757 4, as a signed number. Spoken where MS-SFU 2.2.1 knows no other, and nowhere else. */
export const HMAC_MD5_CHECKSUM = -138

const SIGNATURE_KEY = Buffer.from('signaturekey\0', 'latin1')

/** KERB_CHECKSUM_HMAC_MD5 (RFC 4757 4), with whatever key there is. */
export function hmacMd5Checksum(key: EncryptionKey, usage: number, octets: Uint8Array): Buffer {
  const signing = key.read(secret => createHmac('md5', secret).update(SIGNATURE_KEY).digest())
  const salt = Buffer.alloc(4)
  salt.writeUInt32LE(usage)
  const digest = createHash('md5').update(salt).update(octets).digest()
  return createHmac('md5', signing).update(digest).digest()
}
