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

/** A hundred proxies with a name of usual length each write less. */
const MAX_FORWARDED_LENGTH = 8192

/**
 * The last `for` parameters of RFC 7239 4, in order; undefined for an element without one. Quoted strings may hold commas.
 * They are told from the right, too: one that a client has left open would end at the first quote that the proxy wrote
 * behind it, and make one element of both.
 */
export function forwardedHops(value: string): (string | undefined)[] {
  const text = value.slice(-MAX_FORWARDED_LENGTH)
  const hops: (string | undefined)[] = []
  for (let end = text.length; end >= 0 && hops.length < MAX_HOPS; ) {
    const comma = lastComma(text, end)
    // What is cut off says something else, perhaps.
    if (comma === -1 && text.length < value.length) break
    hops.unshift(forIn(text.slice(comma + 1, end)))
    end = comma
  }
  return hops
}

/** The last unquoted comma before `end`; -1: there is none. */
function lastComma(text: string, end: number): number {
  let isQuoted = false
  for (let at = end - 1; at >= 0; at--) {
    if (text[at] === '"' && !isEscaped(text, at)) isQuoted = !isQuoted
    else if (text[at] === ',' && !isQuoted) return at
  }
  return -1
}

/** RFC 9110 5.6.4, quoted-pair. */
function isEscaped(text: string, at: number): boolean {
  let begin = at
  while (text[begin - 1] === '\\') begin--
  return (at - begin) % 2 === 1
}

function forIn(element: string): string | undefined {
  for (const pair of splitUnquoted(element, ';')) {
    const equals = pair.indexOf('=')
    if (pair.slice(0, equals).trim().toLowerCase() !== 'for') continue
    const node = textOf(pair.slice(equals + 1).trim())
    return node === undefined ? undefined : withoutPort(node)
  }
  return undefined
}

/** `192.0.2.1:80` and `[2001:db8::1]:80` -> the address. */
function withoutPort(node: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(node)
  if (bracketed !== null) return bracketed[1] ?? ''
  return /^[\d.]+:\d+$/.test(node) ? node.slice(0, node.indexOf(':')) : node
}
