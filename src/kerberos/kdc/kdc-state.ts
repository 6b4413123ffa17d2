import type { KdcAddress } from '../../../config/kdc-address.ts'

/**
 * Why a KDC gave no answer. `silent`: nothing within a second. `unreachable`: no connection, or one that broke.
 * `out-of-service`: it says so itself. `not-believed`: what came is no reply to the question.
 */
export type KdcFailure = 'silent' | 'unreachable' | 'out-of-service' | 'not-believed'

/** What is known of one KDC. Times are those of a clock that does not go back. */
export interface KdcState {
  readonly address: KdcAddress
  /** Undefined: it was not asked yet. */
  last: 'answered' | KdcFailure | undefined
  /** In a row. */
  failures: number
  /** Until then others are asked first. */
  restUntilMs: number
  /** When the last failure was noted. */
  failedAtMs: number
}

const FIRST_REST_MS = 5_000
const LONGEST_REST_MS = 300_000

export const newKdcState = (address: KdcAddress): KdcState => ({
  ...{ address, last: undefined, failures: 0, restUntilMs: 0 },
  failedAtMs: Number.NEGATIVE_INFINITY,
})

export const isSameKdc = (a: KdcAddress, b: KdcAddress): boolean => a.host === b.host && a.port === b.port

/** As an operator writes it: `dc1.corp.test:88`, `[fd00::1]:88`. */
export const nameOfKdc = ({ host, port }: KdcAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

export function noteAnswer(state: KdcState): void {
  state.last = 'answered'
  state.failures = 0
  state.restUntilMs = 0
}

/** Each failure in a row doubles the rest; questions that were under way together fail once. */
export function noteFailure(state: KdcState, failure: KdcFailure, askedAtMs: number, nowMs: number): void {
  state.last = failure
  if (askedAtMs <= state.failedAtMs && state.failures > 0) return
  state.failedAtMs = nowMs
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
