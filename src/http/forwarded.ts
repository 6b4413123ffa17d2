/**
 * Client addresses from X-Forwarded-For and Forwarded (RFC 7239), read from the right: the nearest proxy wrote last.
 */
import { canonicalAddress } from '../../config/address-range.ts'
import { splitUnquoted, textOf } from './quoted-string.ts'

/**
 * The client address: walking from the peer towards the client, the first address that is not a trusted proxy. Stops at
 * the last one that could be read when an entry is no address: what lies behind it was not written by a proxy we trust.
 */
export function clientAddress(
  peer: string,
  hops: readonly (string | undefined)[],
  isTrusted: (address: string) => boolean,
): string {
  let address = peer
  for (let index = hops.length - 1; index >= 0 && isTrusted(address); index--) {
    const hop = hops[index]
    const next = hop === undefined ? undefined : canonicalAddress(hop)
    if (next === undefined) break
    address = next
  }
  return address
}

/** More proxies than these stand in no row. Clients may write as many entries before them as they like. */
const MAX_HOPS = 100

/** The last ones, in order. */
export function xForwardedForHops(value: string): string[] {
  let start = value.length + 1
  for (let hops = 0; hops < MAX_HOPS && start > 0; hops++) start = start < 2 ? 0 : value.lastIndexOf(',', start - 2) + 1
  return value
    .slice(start)
    .split(',')
    .map(entry => withoutPort(entry.trim()))
}

/** The `for` parameters of RFC 7239 4; undefined for an element without one. Quoted strings may hold commas. */
export function forwardedHops(value: string): (string | undefined)[] {
  return splitUnquoted(value, ',').map(element => {
    for (const pair of splitUnquoted(element, ';')) {
      const equals = pair.indexOf('=')
      if (pair.slice(0, equals).trim().toLowerCase() !== 'for') continue
      const node = textOf(pair.slice(equals + 1).trim())
      return node === undefined ? undefined : withoutPort(node)
    }
    return undefined
  })
}

/** `192.0.2.1:80` and `[2001:db8::1]:80` -> the address. */
function withoutPort(node: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(node)
  if (bracketed !== null) return bracketed[1] ?? ''
  return /^[\d.]+:\d+$/.test(node) ? node.slice(0, node.indexOf(':')) : node
}
