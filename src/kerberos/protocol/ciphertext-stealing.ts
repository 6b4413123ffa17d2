import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto'

// AES in CBC mode with ciphertext stealing as Kerberos has it (RFC 3962 5, CS3 of NIST SP 800-38A addendum): the last
// two blocks always change places. An IV of zeros: each message begins with a random block of its own.

const BLOCK = 16
const ZERO_IV = Buffer.alloc(BLOCK)

/** For messages that are no longer, and all zeros between calls; those of a request are not. */
const scratch = Buffer.alloc(4096)

/** All zeros. */
const roomFor = (length: number): Buffer => (length > scratch.length ? Buffer.alloc(length) : scratch)

/**
 * AES with one key. OpenSSL's objects are kept, because creating one takes longer than processing a message of this
 * protocol. A CBC chain keeps its last block between calls: for encryption it is cancelled out again, and for
 * decryption it is always left at zeros.
 */
export class StealingCipher implements Disposable {
  readonly #key: Uint8Array
  #chain: Cipheriv | undefined
  /** What the chain would combine the next block with. */
  readonly #last = Buffer.alloc(BLOCK)
  #unchain: Decipheriv | undefined

  /** `key`: of 16 or 32 octets; not copied. */
  constructor(key: Uint8Array) {
    this.#key = key
  }

  /** Encrypts 16 octets or more in their place. */
  encrypt(message: Buffer): void {
    const { length } = message
    const whole = Math.ceil(length / BLOCK) * BLOCK
    const padded = roomFor(whole)
    padded.set(message)
    combine(padded, 0, this.#last, 0, BLOCK)
    this.#chain ??= createCipheriv(this.#name, this.#key, ZERO_IV).setAutoPadding(false)
    const cipher = this.#chain.update(padded.subarray(0, whole))
    padded.fill(0, 0, length)
    cipher.copy(this.#last, 0, whole - BLOCK)
    if (whole === BLOCK) {
      cipher.copy(message)
      return
    }
    // The last block whole, and of the one before it what the length leaves.
    const start = whole - 2 * BLOCK
    cipher.copy(message, 0, 0, start)
    this.#last.copy(message, start)
    cipher.copy(message, start + BLOCK, start, start + tailLength(length))
  }

  /** Decrypts 16 octets or more. */
  decrypt(cipher: Uint8Array): Buffer {
    const { length } = cipher
    this.#unchain ??= createDecipheriv(this.#name, this.#key, ZERO_IV).setAutoPadding(false)
    const tail = length === BLOCK ? 0 : tailLength(length)
    const stolen = length - tail
    const start = stolen - BLOCK
    const blocks = roomFor(stolen + BLOCK)
    blocks.set(cipher.subarray(0, stolen))
    // The last block of the chain stands at `start`; what it was combined with begins with the octets at the end.
    const last = tail === 0 ? ZERO_IV : this.#unchain.update(blocks.subarray(start, stolen))
    if (tail > 0) {
      last.copy(blocks, start)
      blocks.set(cipher.subarray(stolen), start)
    }
    // A block of zeros behind it, for the chain to begin with zeros again, and to make room for the tail.
    const plain = this.#unchain.update(blocks.subarray(0, stolen + BLOCK))
    blocks.fill(0, 0, stolen)
    // The chain went on from the block at `start`, and should have begun anew.
    if (tail > 0) combine(plain, 0, cipher, start, BLOCK)
    last.copy(plain, stolen, 0, tail)
    combine(plain, stolen, cipher, stolen, tail)
    return plain.subarray(0, length)
  }

  /** Lets OpenSSL overwrite what it made of the key. */
  [Symbol.dispose](): void {
    this.#chain?.final()
    this.#unchain?.final()
    this.#chain = undefined
    this.#unchain = undefined
    this.#last.fill(0)
  }

  get #name(): string {
    return `aes-${this.#key.length * 8}-cbc`
  }
}

const tailLength = (length: number): number => length % BLOCK || BLOCK

/** `target[at...] ^= other[from...]`, so many octets. */
function combine(target: Buffer, at: number, other: Uint8Array, from: number, count: number): void {
  for (let index = 0; index < count; index++) {
    target[at + index] = (target[at + index] ?? 0) ^ (other[from + index] ?? 0)
  }
}
