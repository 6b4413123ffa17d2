import type { Surroundings } from './clock.ts'

/**
 * The clocks, randomness and environment of this machine. Programs pass them on; nothing else reads them (a test
 * checks that).
 */
export const system: Surroundings = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  environment: process.env,
}
