/** A mistake that people make in a configuration, and what Torhaus says about it. */
import type { Place } from './place.ts'

export interface Mistake {
  /** In words, for docs/wrong-configurations.md. */
  readonly what: string
  /** Makes the mistake in a place with a valid configuration. */
  readonly make: (place: Place) => void
  /** Environment variables that belong to the mistake. */
  readonly environment?: Readonly<Record<string, string>>
  /** The lines that `torhaus check` prints, with `/etc/torhaus` as the folder. */
  readonly says: readonly string[]
  /** Torhaus starts nevertheless, and `check` warns. */
  readonly isWarning?: true
  /** What the test needs: a mount, or an account other than root. */
  readonly takes?: 'mount' | 'account'
}
