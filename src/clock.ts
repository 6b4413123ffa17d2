/**
 * Clocks and randomness are parameters wherever they decide, so that tests can control them. `src/system.ts` has the
 * real ones.
 */

/** Milliseconds since the epoch, for comparison with dates. It may be set back. */
export type Clock = () => number

/** Milliseconds since an arbitrary moment; never goes back. For durations, deadlines and ages. */
export type MonotonicClock = () => number

/** Whether `sinceMs` was less than `durationMs` ago. A clock that was set back makes nothing last longer. */
export const isWithin = (now: number, sinceMs: number | undefined, durationMs: number): boolean =>
  sinceMs !== undefined && now >= sinceMs && now - sinceMs < durationMs

/** From 0 inclusive to 1 exclusive, like `Math.random`. For spreading, never for secrets. */
export type Random = () => number

/** Clocks, randomness and environment of a process. */
export interface Surroundings {
  readonly now: Clock
  readonly monotonic: MonotonicClock
  readonly random: Random
  readonly environment: NodeJS.ProcessEnv
}
