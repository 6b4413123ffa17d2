/** The start of a head that arrives in pieces. However small they are, each byte is copied a bounded number of times. */
export class PartialHead {
  #bytes: Buffer
  #length: number
  /** The end of the head does not begin before this. */
  searched = 0

  /** What was read is free when this returns, so it is copied. */
  constructor(piece: Buffer) {
    this.#bytes = Buffer.allocUnsafe(Math.max(1024, 2 * piece.length))
    this.#length = piece.copy(this.#bytes)
  }

  /** All that came, with one piece more; good until the next. */
  with(piece: Buffer): Buffer {
    // The empty line may have begun in the piece before.
    this.searched = Math.max(0, this.#length - 3)
    const length = this.#length + piece.length
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * length)
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    piece.copy(this.#bytes, this.#length)
    this.#length = length
    return this.#bytes.subarray(0, length)
  }
}
