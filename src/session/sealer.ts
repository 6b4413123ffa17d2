import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const VERSION = 'v1'
const IV_BYTES = 12
const TAG_BYTES = 16
const PROOF_DIGITS = 32

/**
 * Encrypts small texts at rest with AES-256-GCM (NIST SP 800-38D). Each is bound to the context it was made for, so a
 * sealed text copied to another record does not open. Format: `v1.<key id>.<base64url of nonce, ciphertext, tag>`.
 *
 * Signs texts that may be read but must be authentic: HMAC-SHA-256 (RFC 2104) over the owner and the text, with
 * separate keys derived from the same ones.
 */
export class Sealer {
  readonly #keys: ReadonlyMap<string, Buffer>
  readonly #current: string
  readonly #signingKeys: readonly Buffer[]
  readonly #proofKeys: readonly Buffer[]
  readonly #owner: string

  /**
   * `keys`: 32 bytes each; the first seals and signs, all open and verify. `owner`: part of every signature, so that
   * those of another owner with the same keys are invalid.
   */
  constructor(keys: readonly Buffer[], owner = '') {
    this.#owner = owner
    this.#signingKeys = keys.map(key => createHmac('sha256', key).update('torhaus record signature').digest())
    this.#proofKeys = keys.map(key => createHmac('sha256', key).update('torhaus self-test').digest())
    this.#keys = new Map(keys.map(key => [keyId(key), key]))
    const [first] = this.#keys.keys()
    if (first === undefined) throw new TypeError('a sealer needs a key')
    this.#current = first
  }

  sign(text: string): string {
    const [first] = this.#signingKeys
    return this.#signature(first as Buffer, text).toString('base64url')
  }

  hasSigned(text: string, signature: string): boolean {
    const given = Buffer.from(signature, 'base64url')
    return this.#signingKeys.some(key => {
      const own = this.#signature(key, text)
      return own.length === given.length && timingSafeEqual(own, given)
    })
  }

  /**
   * Proves to a holder of the same keys which keys these are: for each, 16 bytes in hexadecimal of an HMAC of owner
   * and challenge, with a key derived for this purpose only. Two instances share sessions if the first proof of one is
   * among the proofs of the other.
   */
  proofs(challenge: string): string[] {
    return this.#proofKeys.map(key => this.#signature(key, challenge).toString('hex').slice(0, PROOF_DIGITS))
  }

  seal(plain: string, context: string): string {
    const nonce = randomBytes(IV_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(this.#current) as Buffer, nonce)
    cipher.setAAD(Buffer.from(context))
    const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `${VERSION}.${this.#current}.${sealed.toString('base64url')}`
  }

  /** Undefined if it was altered, made for another context, or sealed with a key that is no longer configured. */
  open(text: string, context: string): string | undefined {
    const [version, id, body] = text.split('.')
    const key = this.#keys.get(id ?? '')
    const sealed = Buffer.from(body ?? '', 'base64url')
    if (version !== VERSION || key === undefined || sealed.length < IV_BYTES + TAG_BYTES) return undefined
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    try {
      const octets = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES))
      // GCM leaves no output for `final`, which throws unless the tag is valid.
      decipher.final()
      const plain = octets.toString('utf8')
      octets.fill(0)
      return plain
    } catch {
      return undefined
    }
  }

  #signature(key: Buffer, text: string): Buffer {
    return createHmac('sha256', key)
      .update(JSON.stringify([this.#owner, text]))
      .digest()
  }
}

const keyId = (key: Buffer) => createHash('sha256').update('torhaus key id').update(key).digest('hex').slice(0, 8)
