/** A mistake that people make with a configuration, and what Torhaus says to it. */
import type { Place } from './place.ts'

export interface Mistake {
  /** In words, for docs/wrong-configurations.md. */
  readonly what: string
  /** Makes it, in a place where all is well. */
  readonly make: (place: Place) => void
  /** What it puts into the environment. */
  readonly environment?: Readonly<Record<string, string>>
  /** What `torhaus check` prints: these lines, from `FOLDER/torhaus.yaml:LINE: ` on; the folder is `/etc/torhaus`. */
  readonly says: readonly string[]
  /** It starts nevertheless, and `check` warns. */
  readonly isWarning?: true
  /** It takes a mount, or an account that is not root. */
  readonly takes?: 'mount' | 'account'
}
