import { createHash } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import { unavailable } from '../errors.ts'
import type { SessionStore } from '../session/session-store.ts'
import type { LogoutToken } from './logout-token.ts'

/** Signed by the OP, each of them: nobody else fills it. */
const MAX_REMEMBERED = 10_000

/**
 * A logout token counts once. A store without room for that must not keep anybody signed in: then this process alone
 * remembers it.
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

  /** Nothing has ended by it: where the store does not know it, the OP may send it again. */
  forget({ id }: Pick<LogoutToken, 'id'>): void {
    this.#remembered.delete(claimOf(id))
  }
}

const claimOf = (id: string) => createHash('sha256').update(`logout token ${id}`).digest('base64url')
