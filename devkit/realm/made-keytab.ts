import { randomBytes } from 'node:crypto'

export interface MadeKey {
  /** `HTTP/proxy.corp.test@CORP.TEST`. */
  readonly principal: string
  /** Default 18, AES256 (RFC 3962); 23 is RC4. */
  readonly etype?: number
  readonly keyBytes?: number
  /** Default: a random one. */
  readonly key?: Buffer
}

const NT_PRINCIPAL = 1
const AES256_CTS_HMAC_SHA1_96 = 18

/** A keytab of MIT's format, version 2. */
export const madeKeytab = (...keys: readonly MadeKey[]): Buffer =>
  Buffer.concat([
    Buffer.from([5, 2]),
    ...keys.map(key => entryOf(key)).flatMap(entry => [uint(entry.length, 4), entry]),
  ])

function entryOf({
  principal,
  etype = AES256_CTS_HMAC_SHA1_96,
  keyBytes = 32,
  key = randomBytes(keyBytes),
}: MadeKey): Buffer {
  const at = principal.lastIndexOf('@')
  const components = principal.slice(0, at).split('/')
  return Buffer.concat([
    uint(components.length, 2),
    ...[principal.slice(at + 1), ...components].map(part => counted(Buffer.from(part))),
    uint(NT_PRINCIPAL, 4),
    uint(0, 4),
    uint(1, 1),
    uint(etype, 2),
    counted(key),
  ])
}

const counted = (octets: Buffer) => Buffer.concat([uint(octets.length, 2), octets])

function uint(value: number, length: number): Buffer {
  const octets = Buffer.alloc(length)
  octets.writeUIntBE(value, 0, length)
  return octets
}
