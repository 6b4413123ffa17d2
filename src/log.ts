import { fstatSync, write } from 'node:fs'
import { Writable } from 'node:stream'
import { type DestinationStream, destination, type Logger, pino } from 'pino'
import type { Config } from '../config/schema.ts'

/** Records are written when so many bytes have come together, or after so many milliseconds: one write per record would cost more than the proxying. */
const BATCH_BYTES = 65_536
const BATCH_MS = 250
const STANDARD_OUTPUT = 1
/** Standard output may be a pipe that somebody else made non-blocking. */
const RETRY_MS = 10
/** What is kept when the reader of standard output stands still, in bytes; past it records are dropped, and the proxy goes on. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

export interface LogOutput extends DestinationStream {
  /** Writes what waits. */
  flushSync(): void
}

/** In batches. `dest`: a file descriptor or the name of a file; by default standard output. */
export function openLogOutput(dest: number | string = STANDARD_OUTPUT): LogOutput {
  return new BatchedOutput(dest)
}

/**
 * pino's own destination can collect records, too, but makes one text of all that wait for each that comes: 68 KB of
 * garbage per request.
 */
class BatchedOutput implements LogOutput {
  readonly #output: ReturnType<typeof destination>
  #waiting = ''
  #timer: NodeJS.Timeout | undefined

  constructor(dest: number | string) {
    this.#output = destination({ dest, sync: false, maxWrite: 2 * BATCH_BYTES, maxLength: MAX_WAITING_BYTES })
  }

  write(line: string): void {
    this.#waiting += line
    if (this.#waiting.length >= BATCH_BYTES) this.#handOver()
    else this.#timer ??= setTimeout(this.#handOver, BATCH_MS).unref()
  }

  flushSync(): void {
    this.#handOver()
    this.#output.flushSync()
  }

  readonly #handOver = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting === '') return
    this.#output.write(this.#waiting)
    this.#waiting = ''
  }
}

/**
 * Whether several processes can write to standard output without tearing each other's lines: the system does one write to
 * a file after the other (write(2)), and each write of ours ends with a line. Not so with a pipe (pipe(7), PIPE_BUF).
 */
export function isOutputShareable(): boolean {
  return process.platform !== 'win32' && fstatSync(STANDARD_OUTPUT).isFile()
}

/**
 * Standard output as the supervisor writes it, its own records and those that workers hand over: one writer, so that no
 * line is torn, and never waited for by anything but its sources. What cannot be written is dropped, and the proxy goes on.
 */
export function openSharedLogOutput(): Writable {
  const writeAll = (chunk: Buffer, done: () => void): void =>
    write(STANDARD_OUTPUT, chunk, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(writeAll, RETRY_MS, chunk, done)
      else if (error !== null || written === chunk.length) done()
      else writeAll(chunk.subarray(written), done)
    })
  return new Writable({ highWaterMark: 4 * BATCH_BYTES, write: (chunk, _encoding, done) => writeAll(chunk, done) })
}

/** In every record. */
export const BASE = { 'service.name': 'torhaus', 'process.pid': process.pid }

let stampedMs = 0
let stamp = ''

/** ISO 8601 in UTC, with milliseconds; many records share one. */
export function timestamp(): string {
  const nowMs = Date.now()
  if (nowMs !== stampedMs) {
    stampedMs = nowMs
    stamp = new Date(nowMs).toISOString()
  }
  return stamp
}

/** Structured logs (Elastic Common Schema field names), one JSON object a line. */
export function createLog({ level }: Pick<Config['logging'], 'level'>, output: DestinationStream): Logger {
  return pino(
    {
      level,
      base: BASE,
      messageKey: 'message',
      timestamp: () => `,"@timestamp":"${timestamp()}"`,
      formatters: { level: (label: string) => ({ 'log.level': label }) },
    },
    output,
  )
}
