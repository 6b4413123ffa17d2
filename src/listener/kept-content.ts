/** How much content is kept, in bytes. */
const MAX_BYTES = 65_536

/** What was handed over of a content, for a second attempt (RFC 9110 9.2.2). */
export class KeptContent {
  #bytes = 0
  #chunks: Buffer[] | undefined = []

  /** All of it so far; undefined once that was too much. */
  get chunks(): readonly Buffer[] | undefined {
    return this.#chunks
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length
    // A copy: the memory of a large piece is given back when it was written.
    if (this.#bytes <= MAX_BYTES) this.#chunks?.push(Buffer.from(chunk))
    else this.#chunks = undefined
  }
}
