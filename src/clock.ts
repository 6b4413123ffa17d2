/**
 * Time and chance are parameters wherever they decide, so that tests can move them. `src/system.ts` has the real ones.
 */

/** Milliseconds since the epoch: what dates are compared with. It may be set back. */
export type Clock = () => number

/** Milliseconds since some moment, which never go back: for durations, deadlines and ages. */
export type MonotonicClock = () => number

/** Whether `sinceMs` was less than `durationMs` ago. A clock that was set back makes nothing last longer. */
export const isWithin = (now: number, sinceMs: number | undefined, durationMs: number): boolean =>
  sinceMs !== undefined && now >= sinceMs && now - sinceMs < durationMs

/** From 0 up to 1, as `Math.random`: for spreading, never for secrets. */
export type Random = () => number

/** What a process finds around it. */
export interface Surroundings {
  readonly now: Clock
  readonly monotonic: MonotonicClock
  readonly random: Random
  readonly environment: NodeJS.ProcessEnv
}
