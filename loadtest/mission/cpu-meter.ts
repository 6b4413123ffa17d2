/** Processor time of processes that come and go: looked at often, so that little is lost of one that ends. */
import { usageOf } from '../lab/process-usage.ts'

const EVERY_MS = 100

export class CpuMeter implements Disposable {
  readonly #pids: () => readonly (number | undefined)[]
  readonly #timer: NodeJS.Timeout
  readonly #used = new Map<number, number>()

  /** `pids`: of those that run now; with all below them. */
  constructor(pids: () => readonly (number | undefined)[]) {
    this.#pids = pids
    this.#look()
    this.#timer = setInterval(() => this.#look(), EVERY_MS)
  }

  /** Microseconds, of all that were seen so far, from their start. */
  totalUs(): number {
    this.#look()
    return this.#used.values().reduce((sum, us) => sum + us, 0)
  }

  #look(): void {
    for (const pid of this.#pids()) {
      if (pid === undefined) continue
      try {
        this.#used.set(pid, Math.max(this.#used.get(pid) ?? 0, usageOf(pid).cpuUs))
      } catch {
        // It has ended in between.
      }
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
