import type { KdcAddress } from '../../../config/kdc-address.ts'
import { rememberedLookup } from '../../remembered-lookup.ts'
import { KDC_ERROR } from '../protocol/kdc-error.ts'
import { exchange, KdcUnreachable } from './kdc-exchange.ts'
import type { KdcLocator } from './kdc-locator.ts'
import {
  type AskingTerms,
  DEFAULT_NEXT_AFTER_MS,
  failureOf,
  isOutOfService,
  Question,
  type QuestionOptions,
  type Resolving,
} from './kdc-question.ts'
import { byHope, isSameKdc, type KdcState, newKdcState, note } from './kdc-state.ts'

// Sends a request to the KDCs of the realm until one answers:
//
//   first one -- no answer for a second, or it failed --> next one -- ... --> last one
//       |                                                     |
//       +------------- the first answer that is believed ends it
//
// The next KDC is asked while a silent one may still answer; later answers are dropped. If all have failed, for example
// because the only one is restarting, or are silent, for example because one has lost the request, they are asked once
// more; a slow KDC gets one such repetition at a time. A KDC that failed and has rested is probed beside the next
// request, with a message that has no effect there, so that its return is noticed and no caller waits for it.

/** A message that every KDC answers, without changing or counting anything there. */
export interface KdcProbe {
  request(): Buffer
  /** Throws a `Krb5Error` if this is not an answer of a KDC. */
  read(reply: Buffer): void
}

export interface KdcPoolOptions extends QuestionOptions {
  readonly locator: KdcLocator
  /** How a KDC that failed is tested. Without it, it is asked only after those that have not failed. */
  readonly probe?: KdcProbe
}

export interface KdcPool {
  /**
   * Asks until a KDC gives an answer that `read` accepts. If `read` throws a `Krb5Error`, the answer is not believed
   * and the next KDC is asked; any other error is the answer, as far as `terms` do not doubt it, and is thrown. If all
   * KDCs fail, throws the failure of the last one: `KdcUnreachable`, or that `Krb5Error`.
   */
  ask<T>(request: Buffer, read: (reply: Buffer) => T, terms?: AskingTerms): Promise<T>
  states(): readonly Readonly<KdcState>[]
}

/** How long a KDC's address is used before it is resolved again, concurrently with a request. */
const BELIEVED_MS = 60_000

export function createKdcPool(options: KdcPoolOptions): KdcPool {
  const { locator, monotonic } = options
  const resolving = { ...options, lookup: rememberedLookup({ monotonic, believedMs: BELIEVED_MS, patienceMs: 0 }) }
  let states: readonly KdcState[] = []
  let located: readonly KdcAddress[] | undefined
  const known = async (): Promise<readonly KdcState[]> => {
    const addresses = await locator.addresses()
    // DNS may return the same addresses in another order: what is known of these KDCs is kept.
    if (addresses !== located)
      states = addresses.map(to => states.find(({ address }) => isSameKdc(address, to)) ?? newKdcState(to))
    located = addresses
    return states
  }
  return {
    async ask(request, read, terms = {}) {
      const order = byHope(await known(), monotonic())
      const [first] = order
      if (first === undefined) throw new KdcUnreachable('no KDC is known for the realm')
      for (const state of order) if (state !== first) tryAgain(state, resolving)
      return new Question(order, { ...terms, request, read }, resolving).answer()
    },
    states: () => states,
  }
}

/**
 * Errors by which a probe finds that a KDC cannot serve yet. KRB_ERR_GENERIC, for example of a KDC without its
 * database, is one here only: in reply to a request for any account, it may be about that account.
 */
const NOT_BACK = [KDC_ERROR.serviceUnavailable, KDC_ERROR.generic]

/** Probes a KDC that has failed and whose rest is over. */
function tryAgain(state: KdcState, options: KdcPoolOptions & Resolving): void {
  const { probe, monotonic, lookup, nextAfterMs = DEFAULT_NEXT_AFTER_MS } = options
  const askedAtMs = monotonic()
  if (probe === undefined || state.failures === 0 || state.restUntilMs > askedAtMs) return
  // Once: requests that start in the meantime find it resting.
  state.restUntilMs = askedAtMs + nextAfterMs
  const answered = exchange(state.address, probe.request(), nextAfterMs, lookup).reply.then(reply => {
    if (isOutOfService(reply, NOT_BACK)) throw new KdcUnreachable('out of service', 'out-of-service')
    probe.read(reply)
  })
  answered.then(
    () => note(state, undefined, askedAtMs, options),
    error => note(state, failureOf(error), askedAtMs, options),
  )
}
