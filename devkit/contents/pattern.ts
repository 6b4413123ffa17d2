/** Content each of whose octets says whose it is, and where in it: what was mixed up, lost or sent twice is noticed. */

/** Odd, so that no two places of a stream are alike, and streams begin far from each other. */
const MULTIPLIER = 0x9e_37_79_b1
const STREAM_WORDS = 0x10_00_00

/** The octets of `stream` from `from` on. */
export function contentAt(stream: number, from: number, bytes: number): Buffer {
  const first = from >> 2
  const words = new Uint32Array(((from + bytes + 3) >> 2) - first)
  for (let index = 0; index < words.length; index++)
    words[index] = Math.imul(first + index + stream * STREAM_WORDS, MULTIPLIER)
  const skipped = from - first * 4
  return Buffer.from(words.buffer).subarray(skipped, skipped + bytes)
}

export function* piecesOf(stream: number, bytes: number, pieceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes; at += pieceBytes) yield contentAt(stream, at, Math.min(pieceBytes, bytes - at))
}

/** Compares what comes of a stream, octet by octet. */
export class ComparedContent {
  readonly #stream: number
  bytes = 0

  constructor(stream: number) {
    this.#stream = stream
  }

  /** @throws at the first piece that is not what belongs there. */
  add(chunk: Buffer): void {
    if (!chunk.equals(contentAt(this.#stream, this.bytes, chunk.length)))
      throw new Error(`other octets in the ${chunk.length} after ${this.bytes} of stream ${this.#stream}`)
    this.bytes += chunk.length
  }
}
