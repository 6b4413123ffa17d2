import { createCipheriv, createDecipheriv } from 'node:crypto'

// AES in CBC mode with ciphertext stealing as Kerberos has it (RFC 3962 5, CS3 of NIST SP 800-38A addendum): the last
// two blocks always change places. OpenSSL's CS1 leaves them where they are, and when the length is a multiple of the
// block is plain CBC. An IV of zeros: each message begins with a random block of its own.

const BLOCK = 16
const ZERO_IV = Buffer.alloc(BLOCK)

const cipherName = (key: Uint8Array, mode: 'cbc' | 'cbc-cts'): string => `aes-${key.length * 8}-${mode}`

/** Encrypts 16 octets or more. */
export function encryptStealing(key: Uint8Array, plain: Uint8Array): Buffer {
  if (plain.length === BLOCK) return createCipheriv(cipherName(key, 'cbc'), key, ZERO_IV).update(plain)
  const cipher = createCipheriv(cipherName(key, 'cbc-cts'), key, ZERO_IV).update(plain)
  const last = tailLength(cipher.length)
  return swapTail(cipher, last, BLOCK)
}

/** Decrypts 16 octets or more. */
export function decryptStealing(key: Uint8Array, cipher: Uint8Array): Buffer {
  if (cipher.length === BLOCK) {
    return createDecipheriv(cipherName(key, 'cbc'), key, ZERO_IV).setAutoPadding(false).update(cipher)
  }
  const ordered = swapTail(cipher, BLOCK, tailLength(cipher.length))
  return createDecipheriv(cipherName(key, 'cbc-cts'), key, ZERO_IV).update(ordered)
}

const tailLength = (length: number): number => length % BLOCK || BLOCK

/** The last `second` octets come before the `first` ones that precede them. */
function swapTail(octets: Uint8Array, first: number, second: number): Buffer {
  const swapped = Buffer.from(octets)
  const start = octets.length - first - second
  swapped.set(octets.subarray(octets.length - second), start)
  swapped.set(octets.subarray(start, start + first), start + second)
  return swapped
}
