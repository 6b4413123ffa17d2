/**
 * Sends changes between processes over a channel of Redis. Delivery is at most once, so each process numbers what it
 * sends, and sends a heartbeat now and then. A process that misses a number knows that it has missed a message, and
 * reads everything again. So does a process that has reconnected, because the sender of a lost message may be gone.
 *
 * Every process hears every heartbeat, so all processes together send 16 a second, however many there are: each of 160
 * sends one in ten seconds.
 */

import { randomInt, randomUUID } from 'node:crypto'
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

/** Most processes whose numbers are remembered. */
const MAX_SENDERS = 10_000
/** Heartbeats per second of all processes together. */
const BEATS_PER_SECOND = 16
/** A process silent for this long counts as gone; its next message is treated as the first. */
const GONE_AFTER_S = 120

interface Sender {
  /** Number of its last message. */
  n: number
  /** When that arrived, counted in heartbeats of this process. */
  heardAtS: number
}

export class RedisChanges implements ChannelUser {
  readonly #changes: Changes
  readonly #from = randomUUID()
  readonly #senders = new BoundedMap<string, Sender>(MAX_SENDERS)
  #sent = 0
  /** Random, so that the processes do not all have the same turn. */
  #seconds = randomInt(1 << 16)
  /** Whether any message has arrived since the last heartbeat was due. */
  #hears = false

  readonly #malformed: () => void

  /** `publish` sends a text to all, and must not throw. `malformed` is called for messages that cannot be parsed. */
  constructor(changes: Changes, publish: (message: string) => void, malformed: () => void) {
    this.#changes = changes
    this.#malformed = malformed
    changes.connect(change => publish(this.#message(change)))
  }

  heartbeat(): string | undefined {
    this.#seconds++
    const othersAreHeard = this.#hears
    this.#hears = false
    this.#senders.deleteWhere(({ heardAtS }) => this.#seconds - heardAtS > GONE_AFTER_S)
    const isTurn = this.#seconds % Math.max(1, Math.ceil(this.#senders.size / BEATS_PER_SECOND)) === 0
    return isTurn || !othersAreHeard ? this.#message(undefined) : undefined
  }

  receive(text: string): void {
    const message = parseMessage(text)
    if (message === undefined) return this.#malformed()
    const { from, n, change } = message
    this.#hears = true
    const last = this.#senders.get(from)?.n ?? 0
    this.#senders.set(from, { n: Math.max(n, last), heardAtS: this.#seconds })
    if (n > last + 1) this.#changes.receive({ kind: 'missed' })
    // This process has already handled its own changes.
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
