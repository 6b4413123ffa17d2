/** What happens to Torhaus, and what came of it. */
import type { Counts } from './traffic.ts'

/** People who leave while it happens. */
export interface Leaving {
  /** Signs out as people do: again, where nobody answered. */
  leave(): Promise<void>
}

export interface Fault<Environment> {
  readonly name: string
  /** Pushes in flight must survive it. */
  readonly sparesPushes: boolean
  /** Whoever leaves does so in the midst of it. */
  readonly happen: (environment: Environment, people: Leaving) => Promise<void>
}

export interface FaultResult {
  readonly name: string
  readonly sparesPushes: boolean
  readonly counts: Counts
  /** Of people who were signed in before, and have not signed out. */
  sessionsLost: number
  /** Requests with the cookies of people who have signed out. */
  passedAfterSignOut: number
}

export const newResult = ({ name, sparesPushes }: Fault<never>): FaultResult => ({
  ...{ name, sparesPushes, sessionsLost: 0, passedAfterSignOut: 0 },
  counts: { requests: 0, failed: 0, failedIdempotent: 0, failedPushes: 0, reasons: new Map() },
})
