/**
 * The file of the audit log. Where it is moved away or deleted, as logrotate(8) does, another one is opened under its
 * name within a second, by each process for itself: nobody has to be told, and no worker is replaced.
 */
import { constants, openSync } from 'node:fs'
import type { DestinationStream } from 'pino'
import { inodeOf } from '../io/inode-of.ts'
import { type LogOutput, openLogOutput } from './log-output.ts'

const LOOK_MS = 1000

export class AuditFile implements DestinationStream, AsyncDisposable {
  readonly #fileName: string
  readonly #onError: (error: Error) => void
  readonly #timer: NodeJS.Timeout
  /** The closing of files that were moved or deleted: what waits for them is still written to them. */
  readonly #ending = new Set<Promise<void>>()
  #output: LogOutput
  #inode: bigint | undefined

  /** Throws if the file can be neither opened nor created. */
  constructor(fileName: string, onError: (error: Error) => void) {
    this.#fileName = fileName
    this.#onError = onError
    this.#output = this.#open()
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref()
  }

  write(line: string): void {
    this.#output.write(line)
  }

  /** Opens the file anew if it is no longer the one that was opened. Called once a second by a timer. */
  look(): void {
    if (inodeOf(this.#fileName, this.#inode) === this.#inode) return
    const old = this.#output
    try {
      this.#output = this.#open()
    } catch (error) {
      // The old one is written to meanwhile.
      this.#onError(error as Error)
      return
    }
    const ended = old.close().finally(() => this.#ending.delete(ended))
    this.#ending.add(ended)
  }

  /** Resolves when what waits was written. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([this.#output.close(), ...this.#ending])
  }

  #open(): LogOutput {
    // Not waited for: a report-only rule may write a record for every request.
    const descriptor = openToAppend(this.#fileName)
    this.#inode = inodeOf(this.#fileName)
    return openLogOutput({ descriptor, batchMs: 0, onError: this.#onError })
  }
}

/** As `openSync` with `a`, but for a pipe that nobody reads: to open it would wait for somebody without an end (fifo(7)). */
function openToAppend(fileName: string): number {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants
  // Absent on Windows, which has no such pipes.
  const notWaiting = constants.O_NONBLOCK ?? 0
  try {
    return openSync(fileName, O_APPEND | O_CREAT | O_WRONLY | notWaiting, 0o600)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENXIO') throw cause
    throw new Error(`logging.auditFile: ${fileName} is a pipe that nobody reads: start what reads it, or name a file`, {
      cause,
    })
  }
}
