/**
 * Delays the answer to the self-test, to find out how long the hops in front wait for one. The request must be signed
 * with a session key, because otherwise anybody could keep requests open without limit.
 */

/** Parameter of the query. */
export const HOLD = 'hold'
export const MAX_HELD_SECONDS = 3600

/** By the clock of the sender. */
const FRESH_MS = 120_000
const FORM = /^(\d{1,4})\.(\d{1,12})\.([\w-]+)$/

const signedText = (seconds: number | string, askedAt: number | string) => `self-test hold ${seconds} ${askedAt}`

export function holdFor(seconds: number, nowMs: number, sign: (text: string) => string): string {
  const askedAt = Math.floor(nowMs / 1000)
  return `${seconds}.${askedAt}.${sign(signedText(seconds, askedAt))}`
}

/** In seconds; 0 if it is not signed, not current, or too long. */
export function heldSeconds(
  hold: string,
  nowMs: number,
  hasSigned: (text: string, signature: string) => boolean,
): number {
  const [, seconds = '', askedAt = '', signature = ''] = FORM.exec(hold) ?? []
  const isNow = Math.abs(nowMs - Number(askedAt) * 1000) <= FRESH_MS
  if (seconds === '' || !isNow || Number(seconds) > MAX_HELD_SECONDS) return 0
  return hasSigned(signedText(seconds, askedAt), signature) ? Number(seconds) : 0
}
