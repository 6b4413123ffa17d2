import type { KdcAddress } from '../../../config/kdc-address.ts'
import type { MonotonicClock } from '../../clock.ts'

/**
 * Why a KDC gave no answer. `silent`: nothing within a second. `unreachable`: no connection, or a broken one.
 * `out-of-service`: it says so itself, or could not decide what another one could. `not-believed`: what arrived is not
 * a reply to the request.
 */
export type KdcFailure = 'silent' | 'unreachable' | 'out-of-service' | 'not-believed'

/** What is known about one KDC. Times are monotonic. */
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
  /** A request was sent once more, and the repetition is not over yet. */
  isAskedAgain: boolean
  /** Until then no request is sent once more, because the last repetition did not help. */
  notAgainUntilMs: number
}

const FIRST_REST_MS = 5_000
const LONGEST_REST_MS = 300_000
/**
 * The pause after a repetition that was no faster than the original. If it were longer, a request that is lost in the
 * meantime would have no time left.
 */
const NOT_AGAIN_MS = 1_000
/** By then a KDC that answers at once has answered the repetition that is out. */
const TURN_MS = 20

export const newKdcState = (address: KdcAddress): KdcState => ({
  ...{ address, last: undefined, failures: 0, restUntilMs: 0, isAskedAgain: false, notAgainUntilMs: 0 },
  failedAtMs: Number.NEGATIVE_INFINITY,
})

export const isSameKdc = (a: KdcAddress, b: KdcAddress): boolean => a.host === b.host && a.port === b.port

/** As an operator writes it: `dc1.corp.test:88`, `[fd00::1]:88`. */
export const nameOfKdc = ({ host, port }: KdcAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

function noteAnswer(state: KdcState): void {
  state.last = 'answered'
  state.failures = 0
  state.restUntilMs = 0
}

/** Each failure in a row doubles the rest; questions that were under way together fail once. */
function noteFailure(state: KdcState, failure: KdcFailure, askedAtMs: number, nowMs: number): void {
  state.last = failure
  if (askedAtMs <= state.failedAtMs && state.failures > 0) return
  state.failedAtMs = nowMs
  state.restUntilMs = nowMs + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** state.failures)
  state.failures = Math.min(state.failures + 1, 16)
}

/**
 * One repeated request at a time, and none for a while if the repetition was no faster than the original. So a KDC that
 * is slow under load does not get more load, and one that lost a message answers the repetition at once.
 */
export const untilAskedAgain = ({ isAskedAgain, notAgainUntilMs }: KdcState, nowMs: number): number =>
  Math.max(isAskedAgain ? TURN_MS : 0, notAgainUntilMs - nowMs)

/** `helped`: the repetition was answered before the original. */
export function noteAgain(state: KdcState, helped: boolean, nowMs: number): void {
  state.isAskedAgain = false
  if (!helped) state.notAgainUntilMs = nowMs + NOT_AGAIN_MS
}

/** The outcome of one message to one KDC. */
export interface KdcSeen {
  /** `dc1.corp.test:88`. */
  readonly kdc: string
  /** From the start of connecting to the answer, or until the KDC was given up. */
  readonly seconds: number
  /** Undefined: it answered, if only to refuse. */
  readonly failure: KdcFailure | undefined
}

export interface Noting {
  readonly onSeen?: (seen: KdcSeen) => void
  readonly monotonic: MonotonicClock
}

/** `failure`: undefined if it answered. */
export function note(
  state: KdcState,
  failure: KdcFailure | undefined,
  askedAtMs: number,
  { monotonic, onSeen }: Noting,
): void {
  const nowMs = monotonic()
  if (failure === undefined) noteAnswer(state)
  else noteFailure(state, failure, askedAtMs, nowMs)
  onSeen?.({ kdc: nameOfKdc(state.address), seconds: (nowMs - askedAtMs) / 1000, failure })
}

/**
 * The order in which to ask: first those that answer, as configured; then those whose rest is over; then those that are
 * resting, the one closest to its end first. So a dead KDC costs no time while another one is alive, and is still asked
 * when none is.
 */
export function byHope(states: readonly KdcState[], nowMs: number): KdcState[] {
  const rank = ({ failures, restUntilMs }: KdcState): number => (failures === 0 ? 0 : restUntilMs <= nowMs ? 1 : 2)
  return [...states].sort((a, b) => rank(a) - rank(b) || a.restUntilMs - b.restUntilMs)
}
