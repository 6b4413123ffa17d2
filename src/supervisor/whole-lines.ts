import { Transform } from 'node:stream'

const NEWLINE = 0x0a

/**
 * Passes on whole lines. Each worker writes its log to a pipe of its own, in blocks; several writing to one pipe would tear
 * each other's lines, since only the first 4 KiB of a write are sure to stay together (pipe(7), PIPE_BUF).
 */
export class WholeLines extends Transform {
  #pieces: Buffer[] = []

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end > 0) {
      this.push(
        this.#pieces.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...this.#pieces, chunk.subarray(0, end)]),
      )
      this.#pieces = []
    }
    if (end < chunk.length) this.#pieces.push(chunk.subarray(end))
    done()
  }

  /** What a worker left unfinished when it was killed is a line, too: the next one must not be glued to it. */
  override _flush(done: () => void): void {
    if (this.#pieces.length > 0) this.push(Buffer.concat([...this.#pieces, Buffer.from('\n')]))
    done()
  }
}
