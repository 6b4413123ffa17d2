import type { Clock } from '../clock.ts'
import { keyOf, newOpaqueId } from './opaque-id.ts'
import type { Sealer } from './sealer.ts'
import type { SessionStore } from './session-store.ts'

/** The longest that a redirect between Torhaus' own host and the public host may take, in milliseconds. */
const LIFETIME_MS = 60_000

export interface HandOver {
  readonly sessionId: string
  readonly returnTo: string
}

/**
 * Transfers a session or a URL between Torhaus' own host and the public host; only a code passes through the browser.
 * A hand-over is stored as a sign-in in flight, so the same bounds apply, and it can be taken once. Its content is
 * sealed, because the store must not hold session ids. Using such a code as `state` at the callback leads nowhere: no
 * OP has its nonce.
 */
export class HandOvers {
  readonly #sealer: Sealer
  readonly #store: Pick<SessionStore, 'addSignIn' | 'takeSignIn'>
  readonly #mostPerBrowser: number
  readonly #now: Clock

  constructor(
    sealer: Sealer,
    store: Pick<SessionStore, 'addSignIn' | 'takeSignIn'>,
    mostPerBrowser: number,
    now: Clock,
  ) {
    this.#sealer = sealer
    this.#store = store
    this.#mostPerBrowser = mostPerBrowser
    this.#now = now
  }

  /** Only for the browser with that key. `code` must be unguessable. */
  async giveSession(code: string, browserKey: string, { sessionId, returnTo }: HandOver): Promise<void> {
    await this.#give(code, browserKey, this.#sealer.seal(sessionId, sessionContext(code)), returnTo)
  }

  /** Consumes the code, even if another browser presents it. Undefined: unknown, expired, or not for this browser. */
  async takeSession(code: string, browserId: string | undefined): Promise<HandOver | undefined> {
    const taken = await this.#take(code)
    if (taken === undefined || browserId === undefined || keyOf(browserId) !== taken.browserKey) return undefined
    const sessionId = this.#sealer.open(taken.sealed, sessionContext(code))
    return sessionId === undefined ? undefined : { sessionId, returnTo: taken.returnTo }
  }

  /** Stores the URL to continue at after a visit to the other host. */
  async giveWay(code: string, next: string): Promise<void> {
    await this.#give(code, keyOf(code), this.#sealer.seal(next, wayContext(code)), '/')
  }

  async takeWay(code: string): Promise<string | undefined> {
    const taken = await this.#take(code)
    return taken && this.#sealer.open(taken.sealed, wayContext(code))
  }

  async #give(code: string, browserKey: string, sealed: string, returnTo: string): Promise<void> {
    await this.#store.addSignIn(
      {
        ...{ state: code, browserKey, returnTo, codeVerifier: sealed, nonce: newOpaqueId() },
        ...{ maxAgeSeconds: 0, acrValues: [], expiresAtMs: this.#now() + LIFETIME_MS },
      },
      this.#mostPerBrowser,
    )
  }

  async #take(code: string): Promise<{ browserKey: string; sealed: string; returnTo: string } | undefined> {
    const record = code === '' ? undefined : await this.#store.takeSignIn(code)
    if (record === undefined || record.expiresAtMs < this.#now()) return undefined
    return { browserKey: record.browserKey, sealed: record.codeVerifier, returnTo: record.returnTo }
  }
}

const sessionContext = (code: string) => `hand-over ${code}`
const wayContext = (code: string) => `way ${code}`
