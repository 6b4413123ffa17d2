import type { IdentityProvider } from '../lab/identity-provider.ts'
import type { Origin } from '../lab/origin.ts'
import type { Realm } from '../lab/realm.ts'
import type { LabRedis } from '../lab/store.ts'
import type { LabTls } from '../lab/tls.ts'
import type { Contender } from './contender-load.ts'
import type { Durations } from './durations.ts'
import type { Measured } from './figures.ts'

/** What all measurements of one run share. */
export interface Setting {
  readonly durations: Durations
  readonly origin: Origin
  readonly identityProvider: IdentityProvider
  readonly realm: Realm | undefined
  readonly redis: LabRedis | undefined
  readonly tls: LabTls | undefined
  readonly directory: string
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
  /** What else is measured between the rounds. */
  readonly afterRound: () => Promise<void>
}

/** Gives each contender its turn, one after the other; a turn returns what to tell about it. */
export type Each = (
  what: string,
  turn: (contender: Contender, into: Measured) => Promise<string>,
  among?: (contender: Contender) => boolean,
) => Promise<void>
