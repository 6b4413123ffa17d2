import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../errors.ts'

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 50
/** How long an entry may wait, including the time for those before it in line. */
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

  /**
   * Rejects with what `work` throws, once that is not `mayPass`, or patience is over. It begins with the adding: who
   * comes as the hundredth waits no longer than the first.
   */
  async add<T>(work: () => T, mayPass: (error: unknown) => boolean): Promise<T> {
    if (this.#length >= MAX_WAITING) throw new Fault('store-unavailable', new Error('too many writes wait'))
    this.#length++
    let isPatient = true
    const patience = setTimeout(() => {
      isPatient = false
    }, PATIENCE_MS)
    const done = this.#end.then(() => persist(work, error => isPatient && mayPass(error)))
    this.#end = done.catch(() => undefined)
    try {
      return await done
    } finally {
      clearTimeout(patience)
      this.#length--
    }
  }
}

async function persist<T>(work: () => T, mayWait: (error: unknown) => boolean): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return work()
    } catch (error) {
      if (!mayWait(error)) throw error
    }
    await sleep(pauseMs)
  }
}
