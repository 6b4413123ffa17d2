/** Something that will hurt, in words for the operator. */
export interface Finding {
  /** What is so. */
  readonly what: string
  /** Why that matters. */
  readonly why: string
  /** What to do. */
  readonly remedy: string
  /** The option it is about, where there is one. */
  readonly option?: string
  /** `error`: something will not work, or is not safe. `warning`: it will be so, or may be. */
  readonly severity: 'error' | 'warning'
}

/** Why a subject could not be looked at now. */
export class Skipped extends Error {
  override readonly name = 'Skipped'
}
