/**
 * Changes between processes, over a channel of Redis. Delivery is at most once, so each process numbers what it sends,
 * and sends at least a heartbeat each second: who misses a number knows that it has missed something, and reads
 * everything again. So does who was connected anew; the one who sent may be gone.
 */

import { randomUUID } from 'node:crypto'
import { isRecord } from '../../config/is-record.ts'
import { BoundedMap } from '../bounded-map.ts'
import { changeFrom, messageOf } from './change-message.ts'
import type { Change, Changes } from './changes.ts'
import type { ChannelUser } from './redis-connection.ts'

interface Message {
  readonly from: string
  readonly n: number
  readonly change?: unknown
}

/** Processes whose numbers are known. */
const MAX_SENDERS = 10_000

export class RedisChanges implements ChannelUser {
  readonly #changes: Changes
  readonly #from = randomUUID()
  readonly #lastFrom = new BoundedMap<string, number>(MAX_SENDERS)
  #sent = 0

  readonly #malformed: () => void

  /** `publish` sends a text to all, and does not throw. `malformed` is told of what was not understood. */
  constructor(changes: Changes, publish: (message: string) => void, malformed: () => void) {
    this.#changes = changes
    this.#malformed = malformed
    changes.connect(change => publish(this.#message(change)))
  }

  heartbeat(): string {
    return this.#message(undefined)
  }

  receive(text: string): void {
    const message = parseMessage(text)
    if (message === undefined) return this.#malformed()
    const { from, n, change } = message
    const last = this.#lastFrom.get(from) ?? 0
    if (n > last) this.#lastFrom.set(from, n)
    if (n > last + 1) this.#changes.receive({ kind: 'missed' })
    // What this process has published itself, it has heard already.
    if (change === undefined || from === this.#from) return
    this.#changes.receive(changeFrom(change))
  }

  interrupted(): void {
    this.#changes.receive({ kind: 'missed' })
  }

  #message(change: Change | undefined): string {
    this.#sent++
    return JSON.stringify({
      from: this.#from,
      n: this.#sent,
      ...(change === undefined ? {} : { change: messageOf(change) }),
    })
  }
}

function parseMessage(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!isRecord(value) || typeof value.from !== 'string' || !Number.isSafeInteger(value.n)) return undefined
    return { from: value.from, n: Number(value.n), change: value.change }
  } catch {
    return undefined
  }
}
