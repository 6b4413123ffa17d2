import type { StepUp } from '../decision.ts'
import type { NewSignIn } from '../errors.ts'
import { signInPath } from '../refusal/sign-in-path.ts'
import { newOpaqueId } from '../session/opaque-id.ts'
import type { Sealer } from '../session/sealer.ts'

/** The purpose of a sign-in. */
export interface Aim {
  readonly returnTo: string
  readonly stepUp: StepUp
  /** How often a page of Torhaus has restarted it automatically. */
  readonly again: number
}

/** How the OP was asked. It returns with the browser, sealed, so nobody else can have written it. */
export interface Asked {
  /** When the OP was asked to authenticate anew (`prompt=login`). */
  readonly anewAtMs?: number
  /** Name of the OP, if there are several. */
  readonly provider?: string
}

/** A longer aim is left out: OPs limit URLs; IIS in front of AD FS limits the query to 2048 characters. */
const MAX_AIM_LENGTH = 700
/** By then, another tab has opened a session, or it will never work. */
export const MOST_AGAIN = 3

/**
 * The `state` of an authorization request (RFC 6749 4.1.1): an unguessable id, followed by the sealed purpose of the
 * sign-in. A browser that returns after the sign-in was forgotten (many tabs opened at once) or used can begin again
 * for the page it wanted. This grants nothing that a link to the sign-in would not.
 */
export class SignInStates {
  readonly #sealer: Sealer

  constructor(sealer: Sealer) {
    this.#sealer = sealer
  }

  issue(aim: Aim, asked: Asked = {}): string {
    const id = newOpaqueId()
    const whole = JSON.stringify({ ...asked, ...aim })
    const text = whole.length > MAX_AIM_LENGTH ? JSON.stringify(asked) : whole
    return text === '{}' ? id : `${id}.${this.#sealer.seal(text, contextOf(id))}`
  }

  aimOf(state: string): Aim | undefined {
    const { returnTo, stepUp, again } = this.#open(state)
    return returnTo === undefined || stepUp === undefined || again === undefined
      ? undefined
      : { returnTo, stepUp, again }
  }

  /** Empty for a state that was not issued here. */
  askedOf(state: string): Asked {
    const { anewAtMs, provider } = this.#open(state)
    return { ...(anewAtMs === undefined ? {} : { anewAtMs }), ...(provider === undefined ? {} : { provider }) }
  }

  #open(state: string): Partial<Aim & Asked> {
    const end = state.indexOf('.')
    const text = end === -1 ? undefined : this.#sealer.open(state.slice(end + 1), contextOf(state.slice(0, end)))
    return text === undefined ? {} : JSON.parse(text)
  }
}

/** The fragment is kept already. */
const NO_FRAGMENT = '&fragment=none'

const contextOf = (id: string) => `sign-in ${id}`

/** `mayBeAutomatic`: the new sign-in can be expected to get further than this one. */
export function newSignIn(aim: Aim, mayBeAutomatic: boolean): NewSignIn {
  const isAutomatic = mayBeAutomatic && aim.again < MOST_AGAIN
  const path = signInPath(aim.returnTo, aim.stepUp) + NO_FRAGMENT
  return { path: isAutomatic ? `${path}&again=${aim.again + 1}` : path, isAutomatic }
}

export const againFrom = (text: string | null): number => (/^[1-9]$/.test(text ?? '') ? Number(text) : 0)
