/**
 * Changed copies of a message, without end: bits flipped, octets that decoders stumble over, lengths off by a little,
 * parts cut out, doubled, moved or put in, ends cut off; one in sixteen is made up. The same seed gives the same.
 */
export function createMutations(sample: Buffer, seed: number): () => Buffer {
  const random = createRandom(seed)
  const below = (bound: number) => random() % bound
  const octet = () => TELLING[below(TELLING.length * 2)] ?? below(256)
  const made = () => Buffer.from(Array.from({ length: below(128) }, octet))
  const part = (of: Buffer) => {
    const start = below(of.length + 1)
    return of.subarray(start, start + below(48))
  }
  const changed = (octets: Buffer): Buffer => {
    if (octets.length === 0) return made()
    const at = below(octets.length)
    const [before, behind] = [octets.subarray(0, at), octets.subarray(at)]
    switch (below(8)) {
      case 0:
        return before
      case 1:
        return Buffer.concat([before, behind.subarray(below(16))])
      case 2:
        return Buffer.concat([before, part(octets), behind])
      case 3:
        return Buffer.concat([before, made().subarray(0, 12), behind.subarray(below(12))])
    }
    const value = octets[at] ?? 0
    // In place: most changes keep the lengths around them right, and so get further in.
    octets[at] = [value ^ (1 << below(8)), octet(), value + 1 - below(3), value ^ 0x80][below(4)] ?? 0
    return octets
  }
  return () => {
    if (below(16) === 0) return made()
    let octets: Buffer = Buffer.from(sample)
    for (let changes = 1 + below(3); changes > 0; changes--) octets = changed(octets)
    return octets
  }
}

/** Ends of ranges, long and indefinite lengths, tags of Kerberos. */
const TELLING = [
  0, 1, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x84, 0xfe, 0xff, 0x1f, 0x02, 0x03, 0x04, 0x18, 0x1b, 0x30, 0xa0, 0xa1,
]

/** xorshift (Marsaglia, 2003): 32 bits, never zero. */
function createRandom(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
