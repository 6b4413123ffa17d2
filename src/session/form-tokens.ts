import type { Clock } from '../clock.ts'
import { toFault } from '../errors.ts'
import { newOpaqueId } from './opaque-id.ts'
import type { Sealer } from './sealer.ts'
import type { SessionRecord, SessionStore } from './session-store.ts'

/** How long a page may be open before its form is submitted, in milliseconds. */
const LIFETIME_MS = 3_600_000

type Owner = Pick<SessionRecord, 'key'>

/** Tokens against cross-site request forgery in Torhaus' forms. Each is valid once, for one session and one action. */
export class FormTokens {
  readonly #sealer: Sealer
  readonly #store: Pick<SessionStore, 'claimOnce'>
  readonly #now: Clock

  constructor(sealer: Sealer, store: Pick<SessionStore, 'claimOnce'>, now: Clock) {
    this.#sealer = sealer
    this.#store = store
    this.#now = now
  }

  issue(session: Owner, action: string): string {
    return this.#sealer.seal(`${this.#now() + LIFETIME_MS} ${newOpaqueId()}`, contextOf(session, action))
  }

  /**
   * True for the first caller with a valid token. If the store is unavailable and cannot record the use, resolves to
   * true if `mayRepeat`, and otherwise rejects with `store-unavailable`.
   */
  async take(session: Owner, action: string, token: string, mayRepeat = false): Promise<boolean> {
    const [expiresAt, id] = this.#sealer.open(token, contextOf(session, action))?.split(' ') ?? []
    const [expiresAtMs, now] = [Number(expiresAt), this.#now()]
    if (id === undefined || !(now < expiresAtMs)) return false
    try {
      return await this.#store.claimOnce(`form:${id}`, now, expiresAtMs)
    } catch (error) {
      if (mayRepeat && toFault(error).code === 'store-unavailable') return true
      throw error
    }
  }
}

const contextOf = ({ key }: Owner, action: string) => `form ${key} ${action}`
