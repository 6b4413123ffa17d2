/**
 * Writes log records to standard output or a file, in batches and without waiting. pino's own output can collect
 * records, too, but for each new record it joins all that are waiting (68 KB of garbage per request), and on a full
 * disk it ends the process, or prevents it from ending.
 */
import { closeSync, fstatSync, write, writeSync } from 'node:fs'
import type { DestinationStream } from 'pino'
import { freeWhenWritten } from '../io/free-when-written.ts'
import { afterFailure } from './file-end.ts'

/**
 * Records are written once this many bytes wait, or after this many milliseconds: one write per record would cost more
 * than the proxying.
 */
const BATCH_BYTES = 65_536
const BATCH_MS = 250
const STANDARD_OUTPUT = 1
const STANDARD_ERROR = 2
/** Standard output may be a pipe that another process made non-blocking. */
const RETRY_MS = 10
/** Of what is to be closed. */
const MAX_LAST_TRIES = 100
/** A disk may be full for long. */
const RETRY_FAILED_MS = 1000
/** Characters kept while the disk or the reader of standard output hangs; beyond it, records are dropped. */
const MAX_WAITING = 64 * 1024 * 1024

export interface LogOutput extends DestinationStream, AsyncDisposable {
  /** Resolves when all was written, or dropped where that fails; no more is taken. Disposing does the same. */
  close(): Promise<void>
}

export interface LogOutputSettings {
  /** A file descriptor, closed in the end unless it is that of standard error; default: standard output, which is not, either. */
  readonly descriptor?: number
  /** How long a record may wait for others, in milliseconds; default 250. */
  readonly batchMs?: number
  /** Called each time that a write fails; it is tried again. */
  readonly onError?: (error: Error) => void
}

export function openLogOutput(settings: LogOutputSettings = {}): LogOutput {
  return new BatchedOutput(settings)
}

class BatchedOutput implements LogOutput {
  readonly #descriptor: number
  readonly #batchMs: number
  readonly #onError: (error: Error) => void
  #waiting = ''
  /** The system has been given something, and has not taken all of it yet. */
  #isWriting = false
  #isClosed = false
  #lastTries = 0
  readonly #closed = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined

  constructor({ descriptor = STANDARD_OUTPUT, batchMs = BATCH_MS, onError = () => undefined }: LogOutputSettings) {
    this.#descriptor = descriptor
    this.#batchMs = batchMs
    this.#onError = onError
    process.on('exit', this.#writeRest)
  }

  write(line: string): void {
    if (this.#isClosed || this.#waiting.length + line.length > MAX_WAITING) return
    this.#waiting += line
    this.#goOn()
  }

  close(): Promise<void> {
    const isNews = !this.#isClosed
    this.#isClosed = true
    clearTimeout(this.#timer)
    if (isNews && !this.#isWriting) this.#goOn()
    return this.#closed.promise
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #goOn(): void {
    if (this.#waiting.length >= BATCH_BYTES || (this.#isClosed && this.#waiting !== '')) this.#start()
    else if (this.#isClosed) this.#finish()
    else if (this.#waiting !== '') this.#timer ??= setTimeout(this.#start, this.#batchMs).unref()
  }

  readonly #start = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // One after the other; what comes meanwhile goes with the next.
    if (this.#isWriting) return
    this.#isWriting = true
    const batch = Buffer.from(this.#waiting)
    this.#waiting = ''
    this.#write(batch, 0, () => {
      this.#isWriting = false
      freeWhenWritten(batch)?.()
      this.#goOn()
    })
  }

  /** `from`: so much of it is written. */
  #write(batch: Buffer, from: number, done: () => void): void {
    write(this.#descriptor, batch, from, (error, written) => {
      if (error === null) {
        if (from + written < batch.length) this.#write(batch, from + written, done)
        else done()
        return
      }
      const isBusy = error.code === 'EAGAIN'
      if (!isBusy) this.#onError(error)
      if (this.#isClosed && (!isBusy || ++this.#lastTries > MAX_LAST_TRIES)) {
        this.#waiting = ''
        done()
      } else if (isBusy) setTimeout(() => this.#write(batch, from, done), RETRY_MS)
      else setTimeout(() => void this.#writeAgain(batch, from, done), RETRY_FAILED_MS)
    })
  }

  async #writeAgain(batch: Buffer, from: number, done: () => void): Promise<void> {
    this.#write(await afterFailure(this.#descriptor, batch, from), 0, done)
  }

  /** Not while the system still writes: the descriptor may be another file's then. */
  #finish(): void {
    process.off('exit', this.#writeRest)
    if (this.#descriptor > STANDARD_ERROR) closeSync(this.#descriptor)
    this.#closed.resolve()
  }

  /** The process ends without having closed. */
  readonly #writeRest = (): void => {
    try {
      writeAllSync(this.#descriptor, Buffer.from(this.#waiting))
    } catch (error) {
      this.#onError(error as Error)
    }
  }
}

function writeAllSync(descriptor: number, bytes: Buffer): void {
  for (let [rest, tries] = [bytes, 0]; rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || ++tries === MAX_LAST_TRIES) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}

/**
 * Whether several processes can write to standard output without tearing each other's lines: the system does one write
 * to a file after the other (write(2)), and each write of ours ends with a line. Not so with a pipe (pipe(7),
 * PIPE_BUF).
 */
export function isOutputShareable(): boolean {
  return process.platform !== 'win32' && fstatSync(STANDARD_OUTPUT).isFile()
}
