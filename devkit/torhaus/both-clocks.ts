import type { Clock, Surroundings } from '../../src/clock.ts'

/** One clock of a test for dates and for durations alike: it only goes forward. */
export const bothClocks = (now: Clock): Pick<Surroundings, 'now' | 'monotonic'> => ({ now, monotonic: now })
