/**
 * The proof that an exchange passed the second-factor stage. It exists at run time, so a cast cannot forge it.
 *
 *   minted (require-second-factor) --> forwarded (forward) --> tunnelled (Tunnels.open)
 *
 * Each step is taken once. A proof belongs to the response of one exchange. One that was copied to another exchange,
 * used twice or made up is refused, and nothing reaches the origin server.
 */
import type { ServerResponse } from 'node:http'
import { Fault } from './errors.ts'

const STEPS = ['minted', 'forwarded', 'tunnelled'] as const

type Step = 'forwarded' | 'tunnelled'

/** What carries a proof. */
interface Bearer {
  readonly response: ServerResponse
  readonly admission?: Admission
}

/** Private members make the type nominal: an exchange that has one passed the stage that mints it. */
export class Admission {
  readonly #response: ServerResponse
  #step: (typeof STEPS)[number] = 'minted'

  private constructor(response: ServerResponse) {
    this.#response = response
  }

  /** Returns the mint to its first caller only: the second-factor stage, when it is loaded. Then it throws. */
  static readonly claimMint = (() => {
    let isClaimed = false
    return (): ((exchange: { readonly response: ServerResponse }) => Admission) => {
      if (isClaimed) throw new Error('the mint of admissions belongs to the second-factor stage')
      isClaimed = true
      return ({ response }) => new Admission(response)
    }
  })()

  /** Takes the next step. Throws `internal-error` if the exchange has no proof of its own for it. */
  static redeem({ response, admission }: Bearer, step: Step): void {
    const before = STEPS[STEPS.indexOf(step) - 1]
    const isGood =
      typeof admission === 'object' &&
      #step in admission &&
      admission.#response === response &&
      admission.#step === before
    if (!isGood) throw new Fault('internal-error', new Error(`not admitted: the exchange may not be ${step}`))
    admission.#step = step
  }
}
