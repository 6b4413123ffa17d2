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

// All KDCs of the realm as one to ask:
//
//   first one -- no answer for a second, or it failed --> next one -- ... --> last one
//       |                                                     |
//       +------------- whoever answers first, with a message that is believed, ends it
//
// A silent KDC is not waited for: the next is asked beside it. What comes second is dropped. Where all have failed at
// once, as when the only one restarts, or are silent, as where one has lost the question, they are asked once more; a slow
// one by few at a time. One that failed and has rested is tried beside the next question, with a message of no
// consequence, so that nobody waits for it and its return is noticed.

/** A message that every KDC answers, without changing or counting anything there. */
export interface KdcProbe {
  request(): Buffer
  /** Throws a `Krb5Error` where this is no answer of a KDC. */
  read(reply: Buffer): void
}

export interface KdcPoolOptions extends QuestionOptions {
  readonly locator: KdcLocator
  /** How one that failed is tried again. Without it, it is asked only when all others fail. */
  readonly probe?: KdcProbe
}

export interface KdcPool {
  /**
   * Asks until a KDC gives an answer that `read` makes sense of. A `Krb5Error` of `read` means that this KDC is not to
   * be believed, so the next is asked; whatever else it throws is the answer. Throws why the last one failed:
   * `KdcUnreachable`, or the disbelief.
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
    // DNS gives the same ones in another order each time: what is known of them stays.
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

/** Also where it lacks what it needs: of a question about any account that might be about the account. */
const NOT_BACK = [KDC_ERROR.serviceUnavailable, KDC_ERROR.generic]

/** Where one that failed has rested, it is seen whether it is back. */
function tryAgain(state: KdcState, options: KdcPoolOptions & Resolving): void {
  const { probe, monotonic, lookup, nextAfterMs = DEFAULT_NEXT_AFTER_MS } = options
  const askedAtMs = monotonic()
  if (probe === undefined || state.failures === 0 || state.restUntilMs > askedAtMs) return
  // Once: questions that begin meanwhile find it resting.
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
