import { randomInt } from 'node:crypto'

/** What is asked for; the KDC's own limit decides. */
export const LIFETIME_MS = 24 * 3_600_000

/** Positive as a signed number, for KDCs that read it as one. */
export const newNonce = (): number => randomInt(1, 0x7fff_ffff)
