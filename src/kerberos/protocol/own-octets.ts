/**
 * A copy in memory of its own, for what is kept: small buffers are slices of Node's pool, and one that is kept keeps
 * the whole block alive.
 */
export function ownOctets(octets: Uint8Array): Buffer {
  const own = Buffer.alloc(octets.length)
  own.set(octets)
  return own
}
