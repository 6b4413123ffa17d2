import { createCipheriv, createHmac } from 'node:crypto'
import { AES_KEY_BYTES } from '../../../config/keytab-entries.ts'
import type { HmacHash } from './hmac.ts'
import { Krb5Error } from './krb5-error.ts'
import { nFold } from './n-fold.ts'

/**
 * The four encryption types that are spoken here (RFC 3962 7, RFC 8009 7), strongest first. RC4 and DES are refused.
 */
export const ENCTYPES = [20, 18, 19, 17] as const

export type EnctypeNumber = (typeof ENCTYPES)[number]

/** Which of the three keys of a usage (RFC 3961 5.3): encryption, integrity, checksum. */
export type KeyPurpose = 'encryption' | 'integrity' | 'checksum'

export interface Enctype {
  readonly number: EnctypeNumber
  readonly keyBytes: number
  readonly hash: HmacHash
  /** Octets of a checksum. */
  readonly macBytes: number
  /** The number of its keyed checksum (RFC 3962 7, RFC 8009 7). */
  readonly checksumType: number
  /** RFC 8009: the MAC covers the ciphertext, so it is verified before anything is decrypted. */
  readonly macOverCiphertext: boolean
  readonly defaultIterations: number
  /** What precedes the salt in PBKDF2 (RFC 8009 4). */
  readonly saltPrefix: string
}

const sha1Family = {
  hash: 'sha1',
  macBytes: 12,
  macOverCiphertext: false,
  defaultIterations: 4096,
  saltPrefix: '',
} as const
const sha2Family = { macOverCiphertext: true, defaultIterations: 32_768 } as const

const KNOWN: Readonly<Record<number, Enctype>> = {
  17: { number: 17, keyBytes: AES_KEY_BYTES[17], checksumType: 15, ...sha1Family },
  18: { number: 18, keyBytes: AES_KEY_BYTES[18], checksumType: 16, ...sha1Family },
  19: {
    ...{ number: 19, keyBytes: AES_KEY_BYTES[19], hash: 'sha256', macBytes: 16, checksumType: 19, ...sha2Family },
    saltPrefix: 'aes128-cts-hmac-sha256-128\0',
  },
  20: {
    ...{ number: 20, keyBytes: AES_KEY_BYTES[20], hash: 'sha384', macBytes: 24, checksumType: 20, ...sha2Family },
    saltPrefix: 'aes256-cts-hmac-sha384-192\0',
  },
}

/** One of `ENCTYPES`. */
export const isEnctype = (number: number): boolean => Object.hasOwn(KNOWN, number)

/** Throws `enctype-unsupported` for RC4, DES and the unknown. */
export function enctypeOf(number: number): Enctype {
  const enctype = isEnctype(number) ? KNOWN[number] : undefined
  if (enctype === undefined) throw new Krb5Error('enctype-unsupported', `encryption type ${number} is not AES`)
  return enctype
}

/** The last octet of the constant a key is derived with (RFC 3961 5.3). */
const PURPOSE_OCTET: Readonly<Record<KeyPurpose, number>> = { checksum: 0x99, encryption: 0xaa, integrity: 0x55 }

/** One of the keys of a usage. */
export function deriveKey(enctype: Enctype, key: Uint8Array, usage: number, purpose: KeyPurpose): Buffer {
  const constant = Buffer.alloc(5)
  constant.writeUInt32BE(usage)
  constant.writeUInt8(PURPOSE_OCTET[purpose], 4)
  if (!enctype.macOverCiphertext) return derivedKey(key, constant)
  return expandedKey(enctype, key, constant, purpose === 'encryption' ? enctype.keyBytes : enctype.macBytes)
}

/** DK of RFC 3961 5.1 for AES, where random-to-key is the identity: the constant, encrypted over and over. */
export function derivedKey(key: Uint8Array, constant: Uint8Array): Buffer {
  const derived = Buffer.alloc(key.length)
  let block = nFold(constant, 16)
  for (let offset = 0; offset < key.length; offset += 16) {
    block = createCipheriv(`aes-${key.length * 8}-ecb`, key, null)
      .setAutoPadding(false)
      .update(block)
    derived.set(block, offset)
  }
  return derived
}

/** KDF-HMAC-SHA2 of RFC 8009 3, which needs one round for every length in use. */
export function expandedKey({ hash }: Enctype, key: Uint8Array, label: Uint8Array, size: number): Buffer {
  const bits = Buffer.alloc(4)
  bits.writeUInt32BE(size * 8)
  const one = Buffer.from([0, 0, 0, 1])
  const mac = createHmac(hash, key).update(one).update(label).update(Buffer.alloc(1)).update(bits).digest()
  return mac.subarray(0, size)
}
