import { write } from 'node:fs'
import { Writable } from 'node:stream'

const STANDARD_OUTPUT = 1
/** Standard output may be a pipe that somebody else made non-blocking. */
const RETRY_MS = 10
const HIGH_WATER_MARK_BYTES = 262_144

/**
 * Standard output as the supervisor writes it, its own records and those that workers hand over: one writer, so that no
 * line is torn, and never waited for by anything but its sources. What cannot be written (nobody reads the pipe any
 * more, the disk is full) is dropped and counted, and the proxy goes on.
 */
export class SharedLogOutput extends Writable {
  /** Writes that failed; each is some records. */
  failedWrites = 0
  readonly #onFirstFailure: (error: Error) => void

  constructor(onFirstFailure: (error: Error) => void) {
    super({ highWaterMark: HIGH_WATER_MARK_BYTES })
    this.#onFirstFailure = onFirstFailure
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    write(STANDARD_OUTPUT, chunk, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this._write(chunk, _encoding, done), RETRY_MS)
      else if (error === null && written < chunk.length) this._write(chunk.subarray(written), _encoding, done)
      else {
        if (error !== null && this.failedWrites++ === 0) this.#onFirstFailure(error)
        done()
      }
    })
  }
}
