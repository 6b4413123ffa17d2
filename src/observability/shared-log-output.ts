import { write } from 'node:fs'
import { Writable } from 'node:stream'
import { afterFailure } from './file-end.ts'

const STANDARD_OUTPUT = 1
/** Standard output may be a pipe that another process made non-blocking. */
const RETRY_MS = 10
const HIGH_WATER_MARK_BYTES = 262_144

/**
 * Standard output as the supervisor writes it, its own records and those that workers hand over: one writer, so that no
 * line is torn, and never waited for by anything but its sources. What cannot be written (nobody reads the pipe any
 * more, the disk is full) is dropped and counted, and the proxy goes on; what comes after half a line begins a new one.
 */
export class SharedLogOutput extends Writable {
  /** Writes that failed; each is some records. */
  failedWrites = 0
  readonly #onFirstFailure: (error: Error) => void
  /** The rest of what was written last is lost, and workers may have written half a line, too. */
  #hasFailed = false

  constructor(onFirstFailure: (error: Error) => void) {
    super({ highWaterMark: HIGH_WATER_MARK_BYTES })
    this.#onFirstFailure = onFirstFailure
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#hasFailed) void afterFailure(STANDARD_OUTPUT, chunk, 0).then(rest => this.#put(rest, done))
    else this.#put(chunk, done)
  }

  #put(rest: Buffer, done: () => void): void {
    write(STANDARD_OUTPUT, rest, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.#put(rest, done), RETRY_MS)
      else if (error === null) {
        this.#hasFailed = false
        if (written < rest.length) this.#put(rest.subarray(written), done)
        else done()
      } else {
        this.#hasFailed = true
        if (this.failedWrites++ === 0) this.#onFirstFailure(error)
        done()
      }
    })
  }
}
