/** A problem of a store other than being unreachable, for the log at start and for `torhaus doctor`. */
export interface StoreFinding {
  /** Stable across versions. */
  readonly code: string
  /** `refused`: Torhaus cannot work with the store. `unknown`: it could not be checked. */
  readonly severity: 'refused' | 'warning' | 'unknown'
  /** The problem and its consequence. */
  readonly message: string
  readonly remedy: string
}
