import type { Comparison, Spread } from '../results/scenario-result.ts'

export interface WorkersRow {
  readonly workers: number
  readonly cores: number
  readonly rps: Spread
  /** Of all processes of Torhaus. */
  readonly cpuUsPerRequest: Spread
  /** Cores' worth of time that Torhaus used or could have used: what others took is not in it. */
  readonly availableCores: Spread
  readonly residentMb: number
  readonly errors: number
}

/** What is kept of the comparison of one worker with two: plain JSON. */
export interface WorkersResult {
  readonly kind: 'workers'
  readonly description: string
  readonly rows: readonly WorkersRow[]
  readonly comparisons: readonly Comparison[]
}
