import type { Surroundings } from './clock.ts'

/**
 * The clock, chance and environment of this machine. Programs pass them on; nothing else reads them (a test holds
 * that).
 */
export const system: Surroundings = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  environment: process.env,
}
