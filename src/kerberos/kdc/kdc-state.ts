import type { KdcAddress } from '../../../config/kdc-address.ts'

/** What is known of one KDC. */
export interface KdcState {
  readonly address: KdcAddress
  /** In a row. */
  failures: number
  /** Until then others are asked first. */
  restUntilMs: number
}

const FIRST_REST_MS = 5_000
const LONGEST_REST_MS = 300_000

export const newKdcState = (address: KdcAddress): KdcState => ({
  address,
  failures: 0,
  restUntilMs: 0,
})

export function noteAnswer(state: KdcState): void {
  state.failures = 0
  state.restUntilMs = 0
}

/** Each failure in a row doubles the rest. */
export function noteFailure(state: KdcState, nowMs: number): void {
  state.restUntilMs = nowMs + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** state.failures)
  state.failures = Math.min(state.failures + 1, 16)
}

/**
 * In which order to ask: those that answer, as configured; then those whose rest is over; those that rest last, the one
 * closest to its end first. So a dead KDC costs nobody time while another lives, and is asked all the same when none
 * does.
 */
export function byHope(states: readonly KdcState[], nowMs: number): KdcState[] {
  const rank = ({ failures, restUntilMs }: KdcState): number => (failures === 0 ? 0 : restUntilMs <= nowMs ? 1 : 2)
  return [...states].sort((a, b) => rank(a) - rank(b) || a.restUntilMs - b.restUntilMs)
}
