import { createHmac, timingSafeEqual } from 'node:crypto'

/** Seconds one code stands for: the X of RFC 6238 section 4.1, and the value every authenticator app assumes. */
const timeStepS = 30
const digits = 6
/** RFC 4648 section 6. */
const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function base32Encode(bytes: Uint8Array): string {
  const bits = Array.from(bytes, byte => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? [])
    .map(group => base32Alphabet.charAt(Number.parseInt(group.padEnd(5, '0'), 2)))
    .join('')
}

function base32Decode(text: string): Buffer {
  const bits = Array.from(text.replace(/[\s=]/g, '').toUpperCase(), character => {
    const value = base32Alphabet.indexOf(character)
    if (value < 0) throw new TypeError('a TOTP secret is base32 (RFC 4648): A to Z and 2 to 7')
    return value.toString(2).padStart(5, '0')
  }).join('')
  // Only whole octets count: what remains is the padding of the last group.
  const octets = bits.match(/.{8}/g) ?? []
  return Buffer.from(octets.map(octet => Number.parseInt(octet, 2)))
}

function hotp(secret: Buffer, counter: bigint): string {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(counter)
  const digest = createHmac('sha1', secret).update(message).digest()
  // Dynamic truncation, RFC 4226 section 5.3: the low nibble of the last octet says where the 31-bit number begins.
  const offset = digest.readUInt8(digest.length - 1) & 0x0f
  const number = digest.readUInt32BE(offset) & 0x7fffffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

function stepAt(atMs: number): bigint {
  return BigInt(Math.floor(atMs / 1000 / timeStepS))
}

/** The six-digit code of RFC 6238 (SHA-1, 30 s) for a base32 secret at `atMs`, in milliseconds since 1970. */
export function totp(secretBase32: string, atMs: number): string {
  return hotp(base32Decode(secretBase32), stepAt(atMs))
}

/** Whether `code` is the one of this time step or of a neighbour, as RFC 6238 section 5.2 allows for clock drift. */
export function verifyTotp(secretBase32: string, code: string, atMs: number): boolean {
  if (!/^\d{6}$/.test(code)) return false
  const secret = base32Decode(secretBase32)
  const now = stepAt(atMs)
  return [-1n, 0n, 1n].some(
    drift => now + drift >= 0n && timingSafeEqual(Buffer.from(hotp(secret, now + drift)), Buffer.from(code)),
  )
}

/** A new base32 secret of 160 bits, the length RFC 4226 section 4 recommends. */
export function newTotpSecret(randomBytes: (size: number) => Uint8Array): string {
  return base32Encode(randomBytes(20))
}
