import type { Config } from '../../config/schema.ts'
import type { Surroundings } from '../clock.ts'
import type { Finding } from './finding.ts'

/** What every examination is given. */
export interface DoctorContext extends Pick<Surroundings, 'now' | 'monotonic' | 'environment'> {
  readonly config: Config
  /** Whom Torhaus acts for, tentatively, where it may delegate. */
  readonly account: string | undefined
  /** How long a request is to wait for its answer; undefined: none is. */
  readonly slowSeconds: number | undefined
  /** Number of the account that looks; undefined where the system has none (Windows). */
  readonly userId: number | undefined
}

/** Looks at one subject. Throws `Skipped` where that cannot be done, in words that say why. */
export type Examination = (context: DoctorContext) => Promise<readonly Finding[]>
