/**
 * The header of the PROXY protocol (HAProxy's proxy-protocol.txt, versions 1 and 2), which names the client of a
 * relayed connection. Only the source address is used; destination, ports and TLVs are skipped.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { canonicalAddress } from '../../config/address-range.ts'

export interface ProxyHeader {
  /** Bytes it takes; what follows is the client's. */
  readonly length: number
  /**
   * Canonical. Undefined: the sender speaks for itself (LOCAL), or does not know whom it relays (UNKNOWN, UNSPEC,
   * AF_UNIX).
   */
  readonly source: string | undefined
}

/** 2.1: CRLF included. */
const MAX_V1_BYTES = 107
/**
 * The longest address block takes 216 bytes (AF_UNIX); the rest is for TLVs, a name of a client certificate among them.
 */
const MAX_V2_BYTES = 4096

const V1_PREFIX = Buffer.from('PROXY ')
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
const V2_FIXED_BYTES = 16

/** The header at the start of `received`, or whether more bytes could still make it one. */
export function parseProxyHeader(received: Buffer): ProxyHeader | 'incomplete' | 'invalid' {
  if (beginsLike(received, V1_PREFIX)) return parseV1(received)
  return beginsLike(received, V2_SIGNATURE) ? parseV2(received) : 'invalid'
}

/** Whether neither of the two departs from the other as far as both go. */
function beginsLike(received: Buffer, start: Buffer): boolean {
  const shared = Math.min(received.length, start.length)
  return received.compare(start, 0, shared, 0, shared) === 0
}

// 2.1: exactly one space, no leading zeroes in ports; a lone CR or LF ends nothing.
const V1_KNOWN = /^PROXY (TCP4|TCP6) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/
// 2.1: "the receiver must ignore anything presented before the CRLF".
const V1_UNKNOWN = /^PROXY UNKNOWN( [^\r\n]*)?$/

function parseV1(received: Buffer): ProxyHeader | 'incomplete' | 'invalid' {
  const end = received.subarray(0, MAX_V1_BYTES).indexOf('\r\n')
  if (end === -1) return received.length < MAX_V1_BYTES ? 'incomplete' : 'invalid'
  const line = received.toString('latin1', 0, end)
  const length = end + 2
  if (V1_UNKNOWN.test(line)) return { length, source: undefined }
  const [, family = '', source = '', destination = '', ...ports] = V1_KNOWN.exec(line) ?? []
  const isAddress = family === 'TCP4' ? isIPv4 : isPlainIPv6
  if (!isAddress(source) || !isAddress(destination) || ports.some(port => Number(port) > 65_535)) return 'invalid'
  return { length, source: canonicalAddress(source) }
}

/** A zone (`fe80::1%eth0`) is not part of the address format of 2.1. */
const isPlainIPv6 = (address: string) => isIPv6(address) && !address.includes('%')

/** 2.2: version and command, family and transport, length of what follows. */
function parseV2(received: Buffer): ProxyHeader | 'incomplete' | 'invalid' {
  if (received.length < V2_FIXED_BYTES) return 'incomplete'
  const [command, protocol] = [received.readUInt8(12), received.readUInt8(13)]
  const length = V2_FIXED_BYTES + received.readUInt16BE(14)
  const isLocal = command === 0x20
  if (!isLocal && command !== 0x21) return 'invalid'
  // The family of a LOCAL header is ignored; other values than these must be rejected.
  if (!isLocal && (protocol >> 4 > 3 || (protocol & 15) > 2)) return 'invalid'
  const addressBytes = isLocal ? undefined : STREAM_ADDRESS_BYTES.get(protocol)
  // Two addresses, two ports of two bytes each.
  const blockBytes = addressBytes === undefined ? 0 : 2 * addressBytes + 4
  if (length > MAX_V2_BYTES || length < V2_FIXED_BYTES + blockBytes) return 'invalid'
  if (received.length < length) return 'incomplete'
  if (addressBytes === undefined) return { length, source: undefined }
  return { length, source: addressOf(received.subarray(V2_FIXED_BYTES, V2_FIXED_BYTES + addressBytes)) }
}

/** TCP over IPv4 and over IPv6. Everything else that is valid counts as unspecified (2.2). */
const STREAM_ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [0x11, 4],
  [0x21, 16],
])

function addressOf(bytes: Buffer): string | undefined {
  if (bytes.length === 4) return canonicalAddress(bytes.join('.'))
  return canonicalAddress(bytes.toString('hex').match(/.{4}/g)?.join(':') ?? '')
}
