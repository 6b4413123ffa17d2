import { createHash } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import { unavailable } from '../errors.ts'
import type { SessionStore } from '../session/session-store.ts'
import type { LogoutToken } from './logout-token.ts'

/** Each of them was signed by the OP, so nobody else can fill it. */
const MAX_REMEMBERED = 10_000

/**
 * A logout token is valid once. A store without room to record that must not keep anybody signed in; then only this
 * process remembers it.
 */
export class LogoutTokenClaims {
  readonly #store: Pick<SessionStore, 'claimOnce'>
  readonly #remembered = new BoundedMap<string, true>(MAX_REMEMBERED)

  constructor(store: Pick<SessionStore, 'claimOnce'>) {
    this.#store = store
  }

  async isFirst({ id, expiresAtMs }: Pick<LogoutToken, 'id' | 'expiresAtMs'>, nowMs: number): Promise<boolean> {
    const claim = claimOf(id)
    if (this.#remembered.get(claim) === true) return false
    try {
      return await this.#store.claimOnce(claim, nowMs, expiresAtMs)
    } catch (error) {
      unavailable(error)
      this.#remembered.set(claim, true)
      return true
    }
  }

  /** The logout failed: unless the store has recorded the token, the OP may send it again. */
  forget({ id }: Pick<LogoutToken, 'id'>): void {
    this.#remembered.delete(claimOf(id))
  }
}

const claimOf = (id: string) => createHash('sha256').update(`logout token ${id}`).digest('base64url')
