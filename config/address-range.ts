import { BlockList, isIP, isIPv4 } from 'node:net'

/**
 * One spelling per address, so that comparing is safe: IPv4-mapped IPv6 (RFC 4291 2.5.5.2) becomes IPv4, zone
 * identifiers go. Returns undefined for what is no address.
 */
export function canonicalAddress(address: string): string | undefined {
  const zone = address.indexOf('%')
  const bare = (zone === -1 ? address : address.slice(0, zone)).toLowerCase()
  if (isIPv4(bare)) return bare
  if (isIP(bare) === 0) return undefined
  const expanded = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(expanded)
  if (mapped === null) return expanded
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

export interface AddressRange {
  address: string
  prefix: number
  family: 'ipv4' | 'ipv6'
}

/**
 * `10.0.0.0/8`, `2001:db8::/32`, a single address. A mapped range is taken as IPv4 only when its prefix covers the
 * mapping.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [host = '', bits, ...rest] = text.split('/')
  const address = canonicalAddress(host)
  if (address === undefined || rest.length > 0) return undefined
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const mapped = family === 'ipv4' && !isIPv4(host)
  const width = family === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? width : Number(bits) - (mapped ? 96 : 0)
  return prefix < 0 || prefix > width ? undefined : { address, prefix, family }
}

/** A set of ranges that answers for canonical addresses. */
export function addressSet(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const text of ranges) {
    const range = parseAddressRange(text)
    if (range !== undefined) list.addSubnet(range.address, range.prefix, range.family)
  }
  return address => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}
