import type { MonotonicClock } from '../clock.ts'

export interface ConnectionTimes {
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly monotonic: MonotonicClock
}
