import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto'

// AES in CBC mode with ciphertext stealing as Kerberos has it (RFC 3962 5, CS3 of NIST SP 800-38A addendum): the last
// two blocks always change places. An IV of zeros: each message begins with a random block of its own.

const BLOCK = 16
const ZERO_IV = Buffer.alloc(BLOCK)

/**
 * AES under one key. OpenSSL's objects are kept, for making one takes longer than what it does for a message of this
 * protocol: single blocks (ECB) have no state between calls, and a chain (CBC) has its last block, which is taken out
 * again.
 */
export class StealingCipher implements Disposable {
  readonly #key: Uint8Array
  #chain: Cipheriv | undefined
  /** What the chain would combine the next block with. */
  readonly #last = Buffer.alloc(BLOCK)
  #blocks: Decipheriv | undefined

  /** `key`: of 16 or 32 octets; not copied. */
  constructor(key: Uint8Array) {
    this.#key = key
  }

  /** Encrypts 16 octets or more. */
  encrypt(plain: Uint8Array): Buffer {
    const { length } = plain
    const padded = Buffer.alloc(Math.ceil(length / BLOCK) * BLOCK)
    padded.set(plain)
    combine(padded, 0, this.#last, 0, BLOCK)
    this.#chain ??= createCipheriv(`aes-${this.#key.length * 8}-cbc`, this.#key, ZERO_IV).setAutoPadding(false)
    const cipher = this.#chain.update(padded)
    padded.fill(0)
    cipher.copy(this.#last, 0, cipher.length - BLOCK)
    if (cipher.length === BLOCK) return cipher
    // The last block whole, and of the one before it what the length leaves.
    const tail = tailLength(length)
    const start = cipher.length - 2 * BLOCK
    cipher.copy(cipher, start + BLOCK, start, start + tail)
    this.#last.copy(cipher, start)
    return cipher.subarray(0, length)
  }

  /** Decrypts 16 octets or more. */
  decrypt(cipher: Uint8Array): Buffer {
    const { length } = cipher
    this.#blocks ??= createDecipheriv(`aes-${this.#key.length * 8}-ecb`, this.#key, null).setAutoPadding(false)
    if (length === BLOCK) return this.#blocks.update(cipher)
    const tail = tailLength(length)
    const stolen = length - tail
    const start = stolen - BLOCK
    // The last block of the chain stands at `start`; what it was combined with begins with the octets at the end.
    const before = this.#blocks.update(cipher.subarray(0, stolen))
    const plain = Buffer.alloc(length)
    before.copy(plain, stolen, start, start + tail)
    combine(plain, stolen, cipher, stolen, tail)
    const previous = Buffer.alloc(BLOCK)
    before.copy(previous, 0, start)
    previous.set(cipher.subarray(stolen))
    this.#blocks.update(previous).copy(plain, start)
    before.copy(plain, 0, 0, start)
    combine(plain, BLOCK, cipher, 0, start)
    before.fill(0)
    return plain
  }

  /** Lets OpenSSL overwrite what it made of the key. */
  [Symbol.dispose](): void {
    this.#chain?.final()
    this.#blocks?.final()
    this.#chain = undefined
    this.#blocks = undefined
    this.#last.fill(0)
  }
}

const tailLength = (length: number): number => length % BLOCK || BLOCK

/** `target[at...] ^= other[from...]`, so many octets. */
function combine(target: Buffer, at: number, other: Uint8Array, from: number, count: number): void {
  for (let index = 0; index < count; index++) {
    target[at + index] = (target[at + index] ?? 0) ^ (other[from + index] ?? 0)
  }
}
