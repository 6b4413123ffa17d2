import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../errors.ts'

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 50
/** How long the first in line is tried again, in all. */
const PATIENCE_MS = 5000
/** So many wait; more are refused. */
const MAX_WAITING = 1000

/**
 * Work that must wait for somebody else is done in its order, and tried again with pauses, while the event loop turns.
 */
export class WaitingLine {
  #end: Promise<unknown> = Promise.resolve()
  #length = 0

  /** Whether what comes now must stand behind others. */
  get isBusy(): boolean {
    return this.#length > 0
  }

  /** Rejects with what `work` throws, once that is not `mayPass`, or patience is over. */
  async add<T>(work: () => T, mayPass: (error: unknown) => boolean): Promise<T> {
    if (this.#length >= MAX_WAITING) throw new Fault('store-unavailable', new Error('too many writes wait'))
    this.#length++
    const done = this.#end.then(() => persist(work, mayPass))
    this.#end = done.catch(() => undefined)
    try {
      return await done
    } finally {
      this.#length--
    }
  }
}

async function persist<T>(work: () => T, mayPass: (error: unknown) => boolean): Promise<T> {
  let pauseMs = FIRST_PAUSE_MS
  for (let waitedMs = 0; ; waitedMs += pauseMs, pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return work()
    } catch (error) {
      if (!mayPass(error) || waitedMs >= PATIENCE_MS) throw error
    }
    await sleep(pauseMs)
  }
}
