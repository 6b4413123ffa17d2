/**
 * PKCS#12 archives (RFC 7292): a key, its certificate and the chain, locked by a password. OpenSSL judges the password
 * and the form. What Node gives of them then is too little: TLS that is handed an archive trusts every authority in
 * it, and nobody learns when the certificate ends. So what is inside is read here.
 *
 *   PFX > AuthenticatedSafe > SafeContents, in the open or encrypted > SafeBag: a key, or a certificate
 */
import {
  createDecipheriv,
  createHash,
  createPrivateKey,
  type KeyObject,
  pbkdf2Sync,
  X509Certificate,
} from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { type Element, readAll } from '../src/asn1/der.ts'

export interface Pkcs12 {
  readonly key: KeyObject
  /** That of the key first, then who has signed it, without a root. */
  readonly certificates: readonly X509Certificate[]
}

/**
 * `locked`: the password does not open it, or it is damaged. `outdated`: its encryption is one that OpenSSL takes no
 * more. `weak`: what is inside it does not serve. `incomplete`: without a key, or without the certificate of the key.
 * `form`: OpenSSL knows it, we do not.
 */
export type Pkcs12Problem = 'locked' | 'outdated' | 'weak' | 'incomplete' | 'form'

export function openPkcs12(archive: Buffer, password: string): Pkcs12 | Pkcs12Problem {
  try {
    createSecureContext({ pfx: archive, passphrase: password })
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    // `ee key too small`, `ca md too weak`: these come without a code.
    return PROBLEMS[code] ?? (/ too (small|weak)/.test(message) ? 'weak' : 'locked')
  }
  try {
    return contentsOf(archive, password)
  } catch {
    return 'form'
  }
}

const PROBLEMS: Readonly<Record<string, Pkcs12Problem>> = {
  ERR_CRYPTO_UNSUPPORTED_OPERATION: 'outdated',
  ERR_CRYPTO_OPERATION_FAILED: 'incomplete',
}

/** Object identifiers, as their octets in hexadecimal. */
const DATA = '2a864886f70d010701'
const ENCRYPTED_DATA = '2a864886f70d010706'
const KEY_BAG = '2a864886f70d010c0a0101'
const SHROUDED_KEY_BAG = '2a864886f70d010c0a0102'
const CERTIFICATE_BAG = '2a864886f70d010c0a0103'
const PBES2 = '2a864886f70d01050d'
const PBE_SHA1_3DES = '2a864886f70d010c0103'
/** hmacWithSHA1, which PBKDF2 has where it names none (RFC 8018 A.2). */
const HMAC_SHA1 = '2a864886f70d0207'
const DIGESTS: Readonly<Record<string, string>> = {
  [HMAC_SHA1]: 'sha1',
  '2a864886f70d0209': 'sha256',
  '2a864886f70d020a': 'sha384',
  '2a864886f70d020b': 'sha512',
}
const CIPHERS: Readonly<Record<string, readonly [name: string, keyBytes: number]>> = {
  '2a864886f70d0307': ['des-ede3-cbc', 24],
  '60864801650304012a': ['aes-256-cbc', 32],
  '608648016503040116': ['aes-192-cbc', 24],
  '608648016503040102': ['aes-128-cbc', 16],
}

function contentsOf(archive: Buffer, password: string): Pkcs12 | Pkcs12Problem {
  const [pfx] = elementsIn(archive)
  const [, authSafe] = elementsIn(pfx)
  let key: KeyObject | undefined
  const certificates: X509Certificate[] = []
  const [safes] = elementsIn(safeContents(authSafe, password))
  for (const safe of elementsIn(safes)) {
    const [bags] = elementsIn(safeContents(safe, password))
    for (const bag of elementsIn(bags)) {
      const [type, value] = elementsIn(bag)
      if (hex(type) === CERTIFICATE_BAG) certificates.push(certificateOf(value))
      else key ??= keyOf(hex(type), value, password)
    }
  }
  const own = key && certificates.find(certificate => certificate.checkPrivateKey(key))
  return key === undefined || own === undefined ? 'incomplete' : { key, certificates: chainOf(own, certificates) }
}

/** What a ContentInfo holds (RFC 5652 3), decrypted where it is an EncryptedData (8). */
function safeContents(info: Element | undefined, password: string): Buffer {
  const [type, explicit] = elementsIn(info)
  const [content] = elementsIn(explicit)
  if (hex(type) === DATA) return octetsOf(content)
  if (hex(type) !== ENCRYPTED_DATA) throw new RangeError('content')
  const [, encrypted] = elementsIn(content)
  const [, algorithm, octets] = elementsIn(encrypted)
  return decrypted(algorithm, octetsOf(octets), password)
}

function keyOf(type: string, value: Element | undefined, password: string): KeyObject | undefined {
  const der = { key: octetsOf(value), format: 'der', type: 'pkcs8' } as const
  if (type === KEY_BAG) return createPrivateKey(der)
  return type === SHROUDED_KEY_BAG ? createPrivateKey({ ...der, passphrase: password }) : undefined
}

function certificateOf(value: Element | undefined): X509Certificate {
  const [bag] = elementsIn(value)
  const [, explicit] = elementsIn(bag)
  const [octets] = elementsIn(explicit)
  return new X509Certificate(octetsOf(octets))
}

/** The order of TLS (RFC 8446 4.4.2): each is signed by the next. Archives have none. */
function chainOf(own: X509Certificate, all: readonly X509Certificate[]): X509Certificate[] {
  const chain = [own]
  for (let last = own; chain.length <= all.length; ) {
    const issuer = all.find(other => !chain.includes(other) && last.checkIssued(other))
    if (issuer === undefined || issuer.checkIssued(issuer)) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}

function decrypted(algorithm: Element | undefined, octets: Buffer, password: string): Buffer {
  const [scheme, parameters] = elementsIn(algorithm)
  const [cipher, key, iv] =
    hex(scheme) === PBES2 ? byPbes2(parameters, password) : byPbe(hex(scheme), parameters, password)
  const decipher = createDecipheriv(cipher, key, iv)
  return Buffer.concat([decipher.update(octets), decipher.final()])
}

type CipherInput = readonly [cipher: string, key: Buffer, iv: Buffer]

/** RFC 8018 6.2, with PBKDF2 (A.2). */
function byPbes2(parameters: Element | undefined, password: string): CipherInput {
  const [derivation, encryption] = elementsIn(parameters)
  const [, derivationParameters] = elementsIn(derivation)
  const [salt, iterations, ...more] = elementsIn(derivationParameters)
  const prf = more.find(({ tag }) => tag === SEQUENCE)
  const [digestType] = prf === undefined ? [] : elementsIn(prf)
  const [cipherType, iv] = elementsIn(encryption)
  const [cipher, keyBytes] = CIPHERS[hex(cipherType)] ?? [undefined, 0]
  const digest = DIGESTS[digestType === undefined ? HMAC_SHA1 : hex(digestType)]
  if (cipher === undefined || digest === undefined) throw new RangeError('algorithm')
  return [cipher, pbkdf2Sync(password, octetsOf(salt), integerOf(iterations), keyBytes, digest), octetsOf(iv)]
}

/** As Windows writes them by default (RFC 7292 C). */
function byPbe(scheme: string, parameters: Element | undefined, password: string): CipherInput {
  if (scheme !== PBE_SHA1_3DES) throw new RangeError('algorithm')
  const [salt, iterations] = elementsIn(parameters)
  const derive = (purpose: number, bytes: number) =>
    pkcs12Key(password, octetsOf(salt), integerOf(iterations), purpose, bytes)
  return ['des-ede3-cbc', derive(1, 24), derive(2, 8)]
}

const BLOCK_BYTES = 64

/** RFC 7292 B.2, with SHA-1. `purpose`: 1 for a key, 2 for an initial value. */
function pkcs12Key(password: string, salt: Buffer, iterations: number, purpose: number, bytes: number): Buffer {
  const filled = (octets: Buffer) => Buffer.alloc(Math.ceil(octets.length / BLOCK_BYTES) * BLOCK_BYTES, octets)
  const diversifier = Buffer.alloc(BLOCK_BYTES, purpose)
  const input = Buffer.concat([filled(salt), filled(Buffer.from(`${password}\0`, 'utf16le').swap16())])
  let derived = Buffer.alloc(0)
  while (derived.length < bytes) {
    let hash = Buffer.concat([diversifier, input])
    for (let round = 0; round < iterations; round++) hash = createHash('sha1').update(hash).digest()
    derived = Buffer.concat([derived, hash])
    const addend = Buffer.alloc(BLOCK_BYTES, hash)
    for (let at = 0; at < input.length; at += BLOCK_BYTES) addPlusOne(input.subarray(at, at + BLOCK_BYTES), addend)
  }
  return derived.subarray(0, bytes)
}

/** `number := number + addend + 1`, both of so many octets, the carry beyond them lost. */
function addPlusOne(number: Buffer, addend: Buffer): void {
  let carry = 1
  for (let at = number.length - 1; at >= 0; at--) {
    carry += (number[at] ?? 0) + (addend[at] ?? 0)
    number[at] = carry & 0xff
    carry >>= 8
  }
}

const SEQUENCE = 0x30

function elementsIn(outer: Element | Buffer | undefined): Element[] {
  const elements = outer && readAll(Buffer.isBuffer(outer) ? outer : outer.contents)
  if (elements === undefined) throw new RangeError('DER')
  return elements
}

const hex = (element: Element | undefined) => octetsOf(element).toString('hex')

const integerOf = (element: Element | undefined) => Number.parseInt(hex(element), 16)

function octetsOf(element: Element | undefined): Buffer {
  if (element === undefined) throw new RangeError('DER')
  return element.contents
}
