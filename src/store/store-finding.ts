/** What may be wrong with a store besides being away, for the log at the start and for who examines an installation. */
export interface StoreFinding {
  /** Stays the same from version to version. */
  readonly code: string
  /** `refused`: Torhaus cannot work with it. `unknown`: nobody could see whether something is wrong. */
  readonly severity: 'refused' | 'warning' | 'unknown'
  /** What is, and what follows from it. */
  readonly message: string
  readonly remedy: string
}
