/**
 * Notifies systemd (sd_notify(3)): ready, stopping and, at the interval it expects (WatchdogSec), alive. The messages
 * go to a datagram socket, which Node does not support, so systemd-notify(1) sends them. Does nothing without systemd.
 */
import { execFile } from 'node:child_process'
import type { MonotonicClock } from '../clock.ts'

const TIMEOUT_MS = 5000

export class ServiceManager {
  readonly #isThere: boolean
  readonly #environment: NodeJS.ProcessEnv
  readonly #monotonic: MonotonicClock
  /** Half the watchdog timeout; undefined: no watchdog. */
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

  /** If this is not called in time, systemd restarts the service. */
  alive(): void {
    const now = this.#monotonic()
    // Half of it, because a round of the watch may come a little late.
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
      // Some failures to create a process are thrown synchronously (ENOMEM).
      this.#failed(error as Error)
    }
  }
}
