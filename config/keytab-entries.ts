/** What stands in a keytab, of whatever encryption type. */
export interface KeytabRecord {
  readonly realm: string
  /** `['HTTP', 'devops.example.com']`. */
  readonly components: readonly string[]
  /** Of the name (RFC 4120 6.2). */
  readonly nameType: number
  readonly kvno: number
  /** In seconds since the epoch. */
  readonly writtenAtS: number
  readonly etype: number
  readonly key: Buffer
}

/** The only version MIT and Heimdal still write: integers are big-endian. */
const VERSION = 0x0502

/** Octets of a key, by its type: AES (RFC 3962, RFC 8009). */
export const AES_KEY_BYTES = { 17: 16, 18: 32, 19: 16, 20: 32 } as const

/**
 * Reads a keytab of MIT's format, one record at a time. Records follow each other behind their signed 32-bit length; a
 * negative one is a hole that big, zero is the end. Throws at what cannot be a record: half a keytab is one that is being
 * written.
 */
export function* keytabRecords(octets: Buffer): Generator<KeytabRecord> {
  if (octets.length < 2 || octets.readUInt16BE(0) !== VERSION) throw new Error('not a keytab of version 0x0502')
  for (let offset = 2; offset + 4 <= octets.length; ) {
    const size = octets.readInt32BE(offset)
    offset += 4
    if (size === 0) break
    const length = Math.abs(size)
    if (length > octets.length - offset) throw new Error('an entry of a keytab goes past its end')
    if (size > 0) yield recordIn(octets.subarray(offset, offset + length))
    offset += length
  }
}

export function isKeytab(octets: Buffer): boolean {
  try {
    return keytabRecords(octets).every(() => true)
  } catch {
    return false
  }
}

function recordIn(octets: Buffer): KeytabRecord {
  let at = 0
  const take = (size: number): Buffer => {
    at += size
    if (at > octets.length) throw new Error('an entry of a keytab is too short')
    return octets.subarray(at - size, at)
  }
  const counted = () => take(take(2).readUInt16BE())
  const count = take(2).readUInt16BE()
  const realm = counted().toString('utf8')
  const components: string[] = []
  while (components.length < count) components.push(counted().toString('utf8'))
  const nameType = take(4).readUInt32BE()
  const writtenAtS = take(4).readUInt32BE()
  const shortKvno = take(1).readUInt8()
  const etype = take(2).readUInt16BE()
  const key = counted()
  // A newer writer adds the whole number behind; zero there is padding of a hole that was filled again.
  const kvno = (octets.length - at >= 4 ? take(4).readUInt32BE() : 0) || shortKvno
  return { realm, components, nameType, kvno, writtenAtS, etype, key }
}

export const principalIn = ({ components, realm }: Pick<KeytabRecord, 'components' | 'realm'>): string =>
  `${components.join('/')}@${realm}`

/** `HTTP/*@CORP.TEST`: every HTTP name of the realm. */
const EVERY_HTTP_NAME = 'HTTP/*@'

/** Whether `wanted`, a name or every one, is about this principal. */
export const isPrincipalOf = (wanted: string, principal: string): boolean =>
  wanted === principal ||
  (wanted.startsWith(EVERY_HTTP_NAME) &&
    principal.startsWith('HTTP/') &&
    principal.endsWith(wanted.slice(EVERY_HTTP_NAME.length - 1)))

export const isAesKey = ({ etype, key }: KeytabRecord): boolean =>
  (AES_KEY_BYTES as Readonly<Record<number, number>>)[etype] === key.length

/** Says that a keytab has no key of `principal` (also `HTTP/*@CORP.TEST`) that Torhaus can use, and which it has; undefined where it has one. */
export function lackOfKey(octets: Buffer, principal: string): string | undefined {
  const records = [...keytabRecords(octets)]
  const own = records.filter(record => isPrincipalOf(principal, principalIn(record)))
  if (own.some(isAesKey)) return undefined
  if (own.length > 0) return `has no AES key for ${principal}, only RC4, DES or keys of the wrong length`
  const others = [...new Set(records.map(principalIn))].join(', ') || 'none'
  return `has no AES key for ${principal} (it has keys for: ${others})`
}

export const EXPORT_ANEW =
  'export it again with AES keys for both principals, with ktpass -crypto AES256-SHA1 or samba-tool domain exportkeytab'
