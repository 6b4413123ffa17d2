import { randomBytes } from 'node:crypto'
import { close, closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { batchAtTurnEnd, type TurnBatch } from '../io/end-of-turn.ts'
import { TAG_BYTES, TagTable } from './tag-table.ts'

/** A tag, then who wrote it: four octets of the writer and its count. */
const RECORD_BYTES = TAG_BYTES + 8

/** 43,000 tokens a second for as long as a generation takes. */
const MAX_BYTES = 256 * 1024 * 1024

/** Tokens that arrive in one turn of the event loop are written and read together, up to this many. */
const MAX_BATCH = 64

/** A worker that starts has to read the whole file: this much in one turn, and less while the table grows. */
const READ_BYTES = 512 * RECORD_BYTES
const MOVED_IN_A_TURN = 4096

/**
 * The tokens of one period of time, in one file that all workers append to and read:
 *
 *   worker A: append -----------> [a1][b1][a2][b2] <---------- append :worker B
 *             read up to a2                       read up to b2
 *
 * Appending is atomic, so all workers see the same order, and the first of two equal tags is the original. No lock is
 * needed, no worker can block another, and a worker that restarts reads what is there.
 */
export class ReplayGeneration implements Disposable, TurnBatch {
  readonly #file: number
  readonly #seen = new TagTable()
  /** Of this opening of the file alone: records that the same process wrote before are not its own any more. */
  readonly #writer = randomBytes(4)
  readonly #records = Buffer.alloc(MAX_BATCH * RECORD_BYTES)
  /** Those who wait for the records to be written, in their order. */
  #waiting: PromiseWithResolvers<boolean>[] = []
  /** Those whose records were written and not read yet, by the count in the record. */
  readonly #unread = new Map<number, PromiseWithResolvers<boolean>>()
  #isReading = false
  readonly #chunk = Buffer.alloc(READ_BYTES)
  #readTo = 0
  /** Counts of the first record that waits to be written, and of the first that was not read yet. */
  #count = 0
  #firstUnread = 0

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

  /**
   * True for the first who adds the tag in any worker, false for all others; at the end of the turn, or some turns
   * later if there is much to read. Rejects if the file cannot be written or read.
   */
  add(tag: Buffer): Promise<boolean> {
    const at = this.#waiting.length * RECORD_BYTES
    this.#records.set(tag, at)
    this.#records.set(this.#writer, at + TAG_BYTES)
    this.#records.writeUInt32LE((this.#count + this.#waiting.length) >>> 0, at + TAG_BYTES + 4)
    const asked = Promise.withResolvers<boolean>()
    const length = this.#waiting.push(asked)
    if (length === MAX_BATCH) this.flush()
    else if (length === 1) batchAtTurnEnd(this)
    return asked.promise
  }

  flush(): void {
    const asked = this.#waiting
    if (asked.length === 0) return
    this.#waiting = []
    for (const one of asked) this.#unread.set(this.#count++, one)
    try {
      this.#append(asked.length * RECORD_BYTES)
    } catch (error) {
      return this.#fail(error)
    }
    if (!this.#isReading) this.#readOn()
  }

  [Symbol.dispose](): void {
    this.flush()
    while (this.#unread.size > 0) this.#read()
    // Closing the last descriptor of a removed file frees its blocks, which takes time.
    close(this.#file, () => undefined)
  }

  /** A part of what there is in each turn, until everybody knows. */
  readonly #readOn = (): void => {
    this.#read()
    this.#isReading = this.#unread.size > 0
    if (this.#isReading) setImmediate(this.#readOn)
  }

  #read(): void {
    if (this.#unread.size === 0) return
    try {
      this.#readChunk()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    const asked = [...this.#unread.values()]
    this.#unread.clear()
    this.#firstUnread = this.#count
    for (const { reject } of asked) reject(error)
  }

  /** A writer that died may have left part of a record: it is filled up, so that what follows is aligned again. */
  #completeLastRecord(): void {
    const rest = fstatSync(this.#file).size % RECORD_BYTES
    if (rest > 0) writeSync(this.#file, Buffer.alloc(RECORD_BYTES - rest))
  }

  #append(size: number): void {
    if (this.#readTo > MAX_BYTES) throw new Error('the replay cache is full')
    if (writeSync(this.#file, this.#records, 0, size) !== size) throw new Error('the replay cache was not written')
  }

  #readChunk(): void {
    const chunk = this.#chunk
    const length = readSync(this.#file, chunk, 0, READ_BYTES, this.#readTo)
    const whole = length - (length % RECORD_BYTES)
    if (whole === 0) throw new Error('the replay cache was cut short')
    const mostMoved = this.#seen.moved + MOVED_IN_A_TURN
    for (let at = 0; at < whole && this.#unread.size > 0 && this.#seen.moved < mostMoved; at += RECORD_BYTES) {
      const isNew = this.#seen.add(
        chunk.readUInt32LE(at),
        chunk.readUInt32LE(at + 4),
        chunk.readUInt32LE(at + 8),
        chunk.readUInt32LE(at + 12),
      )
      this.#readTo += RECORD_BYTES
      if (this.#isOwn(at)) this.#answerFirst(isNew)
    }
  }

  #answerFirst(isNew: boolean): void {
    const asked = this.#unread.get(this.#firstUnread)
    this.#unread.delete(this.#firstUnread++)
    asked?.resolve(isNew)
  }

  #isOwn(at: number): boolean {
    return (
      this.#chunk.readUInt32LE(at + TAG_BYTES + 4) === this.#firstUnread >>> 0 &&
      this.#chunk.readUInt32LE(at + TAG_BYTES) === this.#writer.readUInt32LE()
    )
  }
}
