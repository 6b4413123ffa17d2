import { isIPv4 } from 'node:net'
import { canonicalAddress } from '../../config/address-range.ts'

export interface NetworkSettings {
  readonly ipv4PrefixBits: number
  readonly ipv6PrefixBits: number
}

/** The network an address belongs to, as `192.0.2.0/24` or `2001:db8::/56`: so far a grant reaches. */
export function networkOf(address: string, { ipv4PrefixBits, ipv6PrefixBits }: NetworkSettings): string {
  const canonical = canonicalAddress(address)
  if (canonical === undefined) return address
  if (isIPv4(canonical)) {
    const bits = canonical.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n)
    const kept = masked(bits, 32n, BigInt(ipv4PrefixBits))
    return `${[24n, 16n, 8n, 0n].map(shift => (kept >> shift) & 255n).join('.')}/${ipv4PrefixBits}`
  }
  const kept = masked(ipv6Bits(canonical), 128n, BigInt(ipv6PrefixBits))
  const groups = Array.from({ length: 8 }, (_, index) => ((kept >> BigInt(16 * (7 - index))) & 0xffffn).toString(16))
  return `${canonicalAddress(groups.join(':')) ?? groups.join(':')}/${ipv6PrefixBits}`
}

function masked(bits: bigint, width: bigint, prefix: bigint): bigint {
  const host = width - prefix
  return (bits >> host) << host
}

function ipv6Bits(address: string): bigint {
  const [head = '', tail = ''] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n)
}
