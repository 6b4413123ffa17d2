import { isIPv4 } from 'node:net'
import { canonicalAddress } from './address-range.ts'

export interface NetworkSettings {
  readonly ipv4PrefixBits: number
  readonly ipv6PrefixBits: number
}

/** The network an address belongs to, as `192.0.2.0/24` or `2001:db8::/56`: so far a grant reaches. */
export function networkOf(address: string, { ipv4PrefixBits, ipv6PrefixBits }: NetworkSettings): string {
  const canonical = canonicalAddress(address)
  if (canonical === undefined) return address
  if (isIPv4(canonical)) {
    const bits = canonical.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
    const hosts = 2 ** (32 - ipv4PrefixBits)
    const kept = bits - (bits % hosts)
    return `${kept >>> 24}.${(kept >>> 16) & 255}.${(kept >>> 8) & 255}.${kept & 255}/${ipv4PrefixBits}`
  }
  const host = BigInt(128 - ipv6PrefixBits)
  const kept = (ipv6Bits(canonical) >> host) << host
  const groups = Array.from({ length: 8 }, (_, index) => ((kept >> BigInt(16 * (7 - index))) & 0xffffn).toString(16))
  return `${canonicalAddress(groups.join(':')) ?? groups.join(':')}/${ipv6PrefixBits}`
}

/** For counting by client: whoever has one IPv6 address has the whole /64. */
export function clientNetworkOf(address: string, ipv6PrefixBits = 64): string {
  return address.includes(':') ? networkOf(address, { ipv4PrefixBits: 32, ipv6PrefixBits }) : address
}

function ipv6Bits(address: string): bigint {
  const [head = '', tail = ''] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n)
}
