import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { EncryptionKey } from './encryption-key.ts'
import { derivedKey, type Enctype } from './enctype.ts'

const PRF = Buffer.from('prf', 'latin1')

/** The pseudo-random function of a key (RFC 3962 4, RFC 8009 5), whose output is as long as its enctype says. */
export function pseudoRandom(
  { hash, macOverCiphertext, keyBytes }: Enctype,
  key: Uint8Array,
  octets: Uint8Array,
): Buffer {
  if (macOverCiphertext) {
    const bits = Buffer.alloc(4)
    bits.writeUInt32BE(hash === 'sha384' ? 384 : 256)
    const head = Buffer.from([0, 0, 0, 1])
    return createHmac(hash, key).update(head).update(PRF).update(Buffer.alloc(1)).update(octets).update(bits).digest()
  }
  // One block of AES, so that ciphertext stealing has nothing to steal from.
  const block = createHash('sha1').update(octets).digest().subarray(0, 16)
  return createCipheriv(`aes-${keyBytes * 8}-ecb`, derivedKey(key, PRF), null)
    .setAutoPadding(false)
    .update(block)
}

/** PRF+ of RFC 6113 5.1: as many octets as wanted. */
function expand(enctype: Enctype, key: Uint8Array, pepper: string, size: number): Buffer {
  const parts: Buffer[] = []
  const salt = Buffer.from(pepper, 'latin1')
  for (let count = 1; Buffer.concat(parts).length < size; count++)
    parts.push(pseudoRandom(enctype, key, Buffer.concat([Buffer.from([count]), salt])))
  return Buffer.concat(parts).subarray(0, size)
}

/**
 * KRB-FX-CF2 (RFC 6113 5.1): one key of two, of the first one's encryption type. Who knows but one of them does not know
 * it. The caller owns what it gets.
 */
export function combineKeys(
  first: EncryptionKey,
  second: EncryptionKey,
  firstPepper: string,
  secondPepper: string,
): EncryptionKey {
  const { enctype } = first
  const { keyBytes } = enctype
  const ofFirst = first.read(octets => expand(enctype, octets, firstPepper, keyBytes))
  const ofSecond = second.read(octets => expand(second.enctype, octets, secondPepper, keyBytes))
  const octets = ofFirst.map((octet, index) => octet ^ (ofSecond[index] ?? 0))
  const key = new EncryptionKey(enctype.number, octets)
  for (const used of [ofFirst, ofSecond, octets]) used.fill(0)
  return key
}
