import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../errors.ts'

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 50
/** How long an entry may wait, including the time for those before it in line. */
const PATIENCE_MS = 5000
/** Most entries waiting; more are refused. */
const MAX_WAITING = 1000

/** Runs work that must wait for other processes in order, retrying with pauses, without blocking the event loop. */
export class WaitingLine {
  #end: Promise<unknown> = Promise.resolve()
  #length = 0

  /** Whether new work must wait behind others. */
  get isBusy(): boolean {
    return this.#length > 0
  }

  /**
   * Rejects with the error of `work` if `mayPass` is false for it, or after PATIENCE_MS since adding: the hundredth
   * entry waits no longer than the first.
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
