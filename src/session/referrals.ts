import type { Clock } from '../clock.ts'
import type { Sealer } from './sealer.ts'

type Purpose = 'sign-in' | 'sign-out'

/**
 * A message from the public host to Torhaus' own host, carried in the URL of a redirect: which browser is to be signed
 * in (the key of its cookie), or which session is to be signed out (its key). A referral grants nothing; it is sealed
 * so that nobody can forge one for another browser.
 */
export class Referrals {
  readonly #sealer: Sealer
  readonly #lifetimeMs: number
  readonly #now: Clock

  constructor(sealer: Sealer, lifetimeSeconds: number, now: Clock) {
    this.#sealer = sealer
    this.#lifetimeMs = lifetimeSeconds * 1000
    this.#now = now
  }

  issue(purpose: Purpose, key: string): string {
    return this.#sealer.seal(`${this.#now() + this.#lifetimeMs} ${key}`, contextOf(purpose))
  }

  /** Undefined: not sealed here, for another purpose, or expired. */
  read(purpose: Purpose, text: string | null): string | undefined {
    const [expiresAt, key] = this.#sealer.open(text ?? '', contextOf(purpose))?.split(' ') ?? []
    return this.#now() < Number(expiresAt) ? key : undefined
  }
}

const contextOf = (purpose: Purpose) => `referral ${purpose}`
