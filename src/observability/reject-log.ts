/**
 * Connections that never became a request, for the log: anybody can open thousands a second, and the log must not fill
 * the disk.
 */
import type { Logger } from 'pino'
import type { MonotonicClock } from '../clock.ts'
import type { Code } from '../errors.ts'
import { ipOf } from './ecs.ts'

const WINDOW_MS = 10_000
/** So many records of one code, and of one reason where there is one, in a window; what comes after them is only counted. */
const MAX_RECORDS = 50

interface Window {
  readonly endsAtMs: number
  records: number
  suppressed: number
}

export class RejectLog {
  readonly #log: Logger
  readonly #monotonic: MonotonicClock
  readonly #windows = new Map<string, Window>()

  constructor(log: Logger, monotonic: MonotonicClock) {
    this.#log = log
    this.#monotonic = monotonic
  }

  /** `reason`: of a closed set. */
  write(code: Code, client: string | undefined, reason?: string): void {
    const now = this.#monotonic()
    const key = reason === undefined ? code : `${code} ${reason}`
    const what = { 'event.action': 'reject', 'torhaus.code': code, 'torhaus.reason': reason }
    let window = this.#windows.get(key)
    if (window === undefined || now >= window.endsAtMs) {
      const suppressed = window?.suppressed ?? 0
      if (suppressed > 0) this.#log.warn({ ...what, 'torhaus.suppressed': suppressed })
      window = { endsAtMs: now + WINDOW_MS, records: 0, suppressed: 0 }
      this.#windows.set(key, window)
    }
    if (window.records === MAX_RECORDS) {
      window.suppressed++
      return
    }
    window.records++
    this.#log.info({ ...what, 'client.address': client, 'client.ip': ipOf(client) })
  }
}
