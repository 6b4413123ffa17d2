import { timingSafeEqual } from 'node:crypto'
import { StealingCipher } from './ciphertext-stealing.ts'
import { deriveKey, type Enctype, enctypeOf, type KeyPurpose } from './enctype.ts'
import { writeHmac } from './hmac.ts'
import { Krb5Error } from './krb5-error.ts'
import { ownOctets } from './own-octets.ts'
import { writeRandom } from './random-octets.ts'

/** Key usages of RFC 4120 7.5.1, RFC 4121 2, RFC 6113 5.4, MS-PAC 2.8.1 and MS-SFU 2.2.2. */
export const KEY_USAGE = {
  asRequestTimestamp: 1,
  ticket: 2,
  asReply: 3,
  tgsRequestChecksum: 6,
  tgsRequestAuthenticator: 7,
  tgsReply: 8,
  apRequestAuthenticator: 11,
  apReply: 12,
  /** KERB_NON_KERB_CKSUM_SALT. */
  pac: 17,
  acceptorSign: 23,
  initiatorSign: 25,
  s4uX509: 26,
  s4uX509Reply: 27,
  fastRequestChecksum: 50,
  fastRequest: 51,
  fastReply: 52,
  fastFinished: 53,
  clientChallenge: 54,
  kdcChallenge: 55,
  /** RFC 6806 11. */
  asRequest: 56,
  /** RFC 7751 3.1. */
  cammac: 64,
} as const

const CONFOUNDER_BYTES = 16
const MAX_MAC_BYTES = 24

/** An AES key of the protocol, with the keys derived from it as they are first needed (RFC 3961 5.3). */
export class EncryptionKey implements Disposable {
  readonly enctype: Enctype
  readonly #octets: Buffer
  #derived: Map<number, Buffer> | undefined
  #ciphers: Map<number, StealingCipher> | undefined
  #disposed = false

  /** Copies the octets. Throws `enctype-unsupported`, or `malformed` if the length is wrong. */
  constructor(enctype: number, octets: Uint8Array) {
    this.enctype = enctypeOf(enctype)
    if (octets.length !== this.enctype.keyBytes) throw new Krb5Error('malformed', 'length of a key')
    this.#octets = ownOctets(octets)
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /** Fewest octets a ciphertext of this type has. */
  get overheadBytes(): number {
    return CONFOUNDER_BYTES + this.enctype.macBytes
  }

  encrypt(usage: number, plain: Uint8Array): Buffer {
    const whole = Buffer.allocUnsafe(plain.length + this.overheadBytes)
    this.encryptInto(whole, 0, usage, plain)
    return whole
  }

  /** Writes the ciphertext at `at`, `overheadBytes` longer than the plain text. */
  encryptInto(target: Buffer, at: number, usage: number, plain: Uint8Array): void {
    const { macOverCiphertext } = this.enctype
    const end = at + CONFOUNDER_BYTES + plain.length
    const message = target.subarray(at, end)
    writeRandom(message, 0, CONFOUNDER_BYTES)
    message.set(plain, CONFOUNDER_BYTES)
    if (!macOverCiphertext) this.#writeMac(usage, message, target, end)
    this.#cipher(usage).encrypt(message)
    if (macOverCiphertext) this.#writeMac(usage, message, target, end)
  }

  /** Throws `integrity` where key, usage or octets do not fit. */
  decrypt(usage: number, octets: Uint8Array): Buffer {
    const { macBytes, macOverCiphertext } = this.enctype
    if (octets.length < this.overheadBytes) throw new Krb5Error('integrity', 'ciphertext too short')
    const cipher = octets.subarray(0, octets.length - macBytes)
    const mac = octets.subarray(octets.length - macBytes)
    const expected = expectedMac.subarray(0, macBytes)
    if (macOverCiphertext) {
      this.#writeMac(usage, cipher, expected, 0)
      verify(expected, mac)
    }
    const message = this.#cipher(usage).decrypt(cipher)
    if (!macOverCiphertext) {
      this.#writeMac(usage, message, expected, 0)
      verify(expected, mac)
    }
    return message.subarray(CONFOUNDER_BYTES)
  }

  /** The keyed checksum of this type over the parts in a row. */
  checksum(usage: number, ...parts: readonly Uint8Array[]): Buffer {
    const { hash, macBytes } = this.enctype
    const checksum = Buffer.allocUnsafe(macBytes)
    writeHmac(hash, this.#derive(usage, 'checksum'), parts, checksum, 0, macBytes)
    return checksum
  }

  /** Throws `integrity` unless the checksum is that of the octets, in constant time. */
  verifyChecksum(usage: number, checksum: Uint8Array, ...parts: readonly Uint8Array[]): void {
    verify(this.checksum(usage, ...parts), checksum)
  }

  /** The octets themselves, for KRB messages that carry a key, and for HMAC-MD5. */
  read<T>(reader: (octets: Uint8Array) => T): T {
    this.#refuseDisposed()
    return reader(this.#octets)
  }

  /** The same key with an end of its own. */
  copy(): EncryptionKey {
    return this.read(octets => new EncryptionKey(this.enctype.number, octets))
  }

  /** Overwrites the key and all that was derived from it. */
  [Symbol.dispose](): void {
    this.#disposed = true
    this.#octets.fill(0)
    for (const cipher of this.#ciphers?.values() ?? []) cipher[Symbol.dispose]()
    this.#ciphers = undefined
    for (const derived of this.#derived?.values() ?? []) derived.fill(0)
    this.#derived = undefined
  }

  // RFC 8009 5: the IV, which is zero, precedes the ciphertext.
  #writeMac(usage: number, octets: Uint8Array, target: Buffer, at: number): void {
    const { hash, macBytes, macOverCiphertext } = this.enctype
    const parts = macOverCiphertext ? [ZERO_IV, octets] : [octets]
    writeHmac(hash, this.#derive(usage, 'integrity'), parts, target, at, macBytes)
  }

  // The zeros it was overwritten with are a key that everybody knows.
  #refuseDisposed(): void {
    if (this.#disposed) throw new Error('the key was disposed of')
  }

  #cipher(usage: number): StealingCipher {
    let cipher = this.#ciphers?.get(usage)
    if (cipher === undefined) {
      cipher = new StealingCipher(this.#derive(usage, 'encryption'))
      this.#ciphers ??= new Map()
      this.#ciphers.set(usage, cipher)
    }
    return cipher
  }

  #derive(usage: number, purpose: KeyPurpose): Buffer {
    const name = usage * PURPOSES.length + PURPOSES.indexOf(purpose)
    let derived = this.#derived?.get(name)
    if (derived === undefined) {
      this.#refuseDisposed()
      derived = ownOctets(deriveKey(this.enctype, this.#octets, usage, purpose))
      this.#derived ??= new Map()
      this.#derived.set(name, derived)
    }
    return derived
  }
}

const PURPOSES: readonly KeyPurpose[] = ['encryption', 'integrity', 'checksum']
const ZERO_IV = Buffer.alloc(16)

/** Of the message that is being decrypted. */
const expectedMac = Buffer.alloc(MAX_MAC_BYTES)

function verify(expected: Uint8Array, found: Uint8Array): void {
  if (expected.length !== found.length || !timingSafeEqual(expected, found)) {
    throw new Krb5Error('integrity', 'checksum does not fit')
  }
}
