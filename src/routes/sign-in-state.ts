import type { StepUp } from '../decision.ts'
import type { NewSignIn } from '../errors.ts'
import { signInPath } from '../refusal/sign-in-path.ts'
import { newOpaqueId } from '../session/opaque-id.ts'
import type { Sealer } from '../session/sealer.ts'

/** What a sign-in is for. */
export interface Aim {
  readonly returnTo: string
  readonly stepUp: StepUp
  /** How often a page of ours has started it again by itself. */
  readonly again: number
}

/** How the OP was asked. It comes back with the browser, and nobody else can have written it. */
export interface Asked {
  /** When it was asked to authenticate anew (`prompt=login`). */
  readonly anewAtMs?: number
  /** Which one, of several. */
  readonly provider?: string
}

/** More is not told: OPs have limits on URLs, IIS before AD FS one of 2048 for the query. */
const MAX_AIM_LENGTH = 700
/** The others have opened a session by then, or it will not work at all. */
export const MOST_AGAIN = 3

/**
 * The `state` of an authorization request (RFC 6749 4.1.1): an id that nobody can guess, and behind it, sealed, what
 * the sign-in is for. A browser that comes back when the sign-in is not known any more, for many tabs were opened at
 * once or it was used, can start again for the page that was wanted. It grants nothing that a link to the sign-in would
 * not.
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

  /** Nothing of a state that is not ours. */
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

/** A fragment is kept already. */
const NO_FRAGMENT = '&fragment=none'

const contextOf = (id: string) => `sign-in ${id}`

/** `mayBeAutomatic`: it would get further than this one did. */
export function newSignIn(aim: Aim, mayBeAutomatic: boolean): NewSignIn {
  const isAutomatic = mayBeAutomatic && aim.again < MOST_AGAIN
  const path = signInPath(aim.returnTo, aim.stepUp) + NO_FRAGMENT
  return { path: isAutomatic ? `${path}&again=${aim.again + 1}` : path, isAutomatic }
}

export const againFrom = (text: string | null): number => (/^[1-9]$/.test(text ?? '') ? Number(text) : 0)
