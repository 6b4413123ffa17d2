/** A problem of a store other than being unreachable, for the log at start and for `torhaus doctor`. */
export interface StoreFinding {
  /** Stays the same from version to version. */
  readonly code: string
  /** `refused`: Torhaus cannot work with it. `unknown`: nobody could see whether something is wrong. */
  readonly severity: 'refused' | 'warning' | 'unknown'
  /** What is, and what follows from it. */
  readonly message: string
  readonly remedy: string
}
