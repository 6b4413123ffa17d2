import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { TAG_BYTES, TagTable } from './tag-table.ts'

/** A tag, then who wrote it: four octets of the writer and its count. */
const RECORD_BYTES = TAG_BYTES + 8

/** 43,000 tokens a second for as long as a generation takes. */
const MAX_BYTES = 256 * 1024 * 1024

/** A worker that starts has all of the file to read. */
const READ_BYTES = 2_730 * RECORD_BYTES

/**
 * The tokens of one stretch of time, in one file that all workers append to and read:
 *
 *   worker A: append -----------> [a1][b1][a2][b2] <---------- append :worker B
 *             read on to a2                       read on to b2
 *
 * Appending is atomic, so all see the same order, and the first of two equal tags in it was first. No lock is needed,
 * no worker can hold up another, and a worker that starts again reads what there is.
 */
export class ReplayGeneration implements Disposable {
  readonly #file: number
  readonly #seen = new TagTable()
  /** Of this opening alone: what the same process wrote before is not its own any more. */
  readonly #writer = randomBytes(4)
  readonly #record = Buffer.alloc(RECORD_BYTES)
  readonly #chunk = Buffer.alloc(READ_BYTES)
  #readTo = 0
  #count = 0

  constructor(path: string) {
    const { O_RDWR, O_CREAT, O_APPEND } = constants
    // Absent on Windows, where links need a privilege.
    const noFollow = constants.O_NOFOLLOW ?? 0
    this.#file = openSync(path, O_RDWR | O_CREAT | O_APPEND | noFollow, 0o600)
    try {
      this.#completeLastRecord()
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
  }

  /** True for the first who adds the tag, false for everybody else. Throws where the file cannot be written. */
  add(tag: Buffer): boolean {
    if (this.#readTo > MAX_BYTES) throw new Error('the replay cache is full')
    const record = this.#record
    record.set(tag)
    record.set(this.#writer, TAG_BYTES)
    record.writeUInt32LE(++this.#count >>> 0, TAG_BYTES + 4)
    if (writeSync(this.#file, record) !== RECORD_BYTES) throw new Error('the replay cache was not written')
    return this.#readOnToOwn()
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  /** A writer that died half-way leaves part of a record: what follows is appended behind a whole one again. */
  #completeLastRecord(): void {
    const rest = fstatSync(this.#file).size % RECORD_BYTES
    if (rest > 0) writeSync(this.#file, Buffer.alloc(RECORD_BYTES - rest))
  }

  #readOnToOwn(): boolean {
    const chunk = this.#chunk
    for (;;) {
      const length = readSync(this.#file, chunk, 0, READ_BYTES, this.#readTo)
      const whole = length - (length % RECORD_BYTES)
      if (whole === 0) throw new Error('the replay cache was cut short')
      for (let at = 0; at < whole; at += RECORD_BYTES) {
        const isNew = this.#seen.add(
          chunk.readUInt32LE(at),
          chunk.readUInt32LE(at + 4),
          chunk.readUInt32LE(at + 8),
          chunk.readUInt32LE(at + 12),
        )
        if (this.#isOwn(at)) {
          this.#readTo += at + RECORD_BYTES
          return isNew
        }
      }
      this.#readTo += whole
    }
  }

  #isOwn(at: number): boolean {
    return (
      this.#chunk.readUInt32LE(at + TAG_BYTES + 4) === this.#count >>> 0 &&
      this.#chunk.readUInt32LE(at + TAG_BYTES) === this.#writer.readUInt32LE()
    )
  }
}
