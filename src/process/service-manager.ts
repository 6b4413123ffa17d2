/**
 * What systemd is told (sd_notify(3)): ready, stopping, and, as often as it wants to hear it (WatchdogSec), alive. The
 * message goes to a datagram socket, which Node has none of; systemd-notify(1) sends it. Without systemd nothing is
 * told.
 */
import { execFile } from 'node:child_process'
import type { MonotonicClock } from '../clock.ts'

const TIMEOUT_MS = 5000

export class ServiceManager {
  readonly #isThere: boolean
  readonly #environment: NodeJS.ProcessEnv
  readonly #monotonic: MonotonicClock
  /** Half of what it waits for; undefined: it does not wait. */
  readonly #everyMs: number | undefined
  #toldAtMs = Number.NEGATIVE_INFINITY
  readonly #failed: (error: Error) => void

  constructor(environment: NodeJS.ProcessEnv, monotonic: MonotonicClock, failed: (error: Error) => void) {
    this.#environment = environment
    this.#monotonic = monotonic
    this.#failed = failed
    this.#isThere = environment.NOTIFY_SOCKET !== undefined
    const watchdogMs = Number(environment.WATCHDOG_USEC ?? 0) / 1000
    const isMeant = Number(environment.WATCHDOG_PID ?? process.pid) === process.pid
    this.#everyMs = watchdogMs > 0 && isMeant ? watchdogMs / 2 : undefined
  }

  ready(): void {
    this.#tell('READY=1')
  }

  stopping(): void {
    this.#tell('STOPPING=1')
  }

  /** Where this is not called for long enough, the service is started again. */
  alive(): void {
    const now = this.#monotonic()
    // A round of the watch may come a little late.
    if (this.#everyMs === undefined || now - this.#toldAtMs < this.#everyMs / 2) return
    this.#toldAtMs = now
    this.#tell('WATCHDOG=1')
  }

  #tell(state: string): void {
    if (!this.#isThere) return
    const options = { env: this.#environment, timeout: TIMEOUT_MS }
    try {
      execFile('systemd-notify', [`--pid=${process.pid}`, state], options, error => {
        if (error !== null) this.#failed(error)
      }).unref()
    } catch (error) {
      // Some of what keeps a process from being made is thrown at once (ENOMEM).
      this.#failed(error as Error)
    }
  }
}
