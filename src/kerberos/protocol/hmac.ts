import { createHmac, hash } from 'node:crypto'

const BLOCK_BYTES = { sha1: 64, sha256: 64, sha384: 128 } as const
const DIGEST_BYTES = { sha1: 20, sha256: 32, sha384: 48 } as const

export type HmacHash = keyof typeof BLOCK_BYTES

const INNER_PAD = 0x36
const OUTER_PAD = 0x5c

/** Room for what a request has; a larger text takes OpenSSL's object. */
const inner = Buffer.alloc(4096)
const outer = Buffer.alloc(BLOCK_BYTES.sha384 + DIGEST_BYTES.sha384)

/**
 * Writes the first `count` octets of the HMAC (RFC 2104) of the parts in a row. As two hashes: an object of OpenSSL for
 * one takes longer to make than what it does for a message of this protocol. `key`: no longer than a block of the hash.
 */
export function writeHmac(
  algorithm: HmacHash,
  key: Uint8Array,
  parts: readonly Uint8Array[],
  target: Buffer,
  at: number,
  count: number,
): void {
  const block = BLOCK_BYTES[algorithm]
  let length = block
  for (const part of parts) length += part.length
  if (length > inner.length) {
    const hmac = createHmac(algorithm, key)
    for (const part of parts) hmac.update(part)
    hmac.digest().copy(target, at, 0, count)
    return
  }
  writePadded(inner, key, block, INNER_PAD)
  let end = block
  for (const part of parts) {
    inner.set(part, end)
    end += part.length
  }
  // As text of one octet a character: a buffer would take three times as long.
  const digest = hash(algorithm, inner.subarray(0, length), 'latin1')
  inner.fill(0, 0, length)
  writePadded(outer, key, block, OUTER_PAD)
  outer.write(digest, block, 'latin1')
  target.write(hash(algorithm, outer.subarray(0, block + DIGEST_BYTES[algorithm]), 'latin1'), at, count, 'latin1')
  outer.fill(0, 0, block)
}

function writePadded(target: Buffer, key: Uint8Array, block: number, pad: number): void {
  target.fill(pad, key.length, block)
  for (let index = 0; index < key.length; index++) target[index] = (key[index] ?? 0) ^ pad
}
