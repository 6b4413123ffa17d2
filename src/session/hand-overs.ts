import type { Clock } from '../clock.ts'
import { keyOf, newOpaqueId } from './opaque-id.ts'
import type { Sealer } from './sealer.ts'
import type { SessionStore } from './session-store.ts'

/** The longest that a redirect from one of our hosts to the other may take. */
const LIFETIME_MS = 60_000

export interface HandOver {
  readonly sessionId: string
  readonly returnTo: string
}

/**
 * What goes from the host of our own pages to that of the server, where only a code passes through the browser. It lies
 * among the sign-ins in flight, and is bounded, tied to a browser and given once as these are. What it holds is sealed:
 * of a session the store knows no id. A callback with such a code ends nowhere: no OP has its nonce.
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

  /** For the browser with that key, and no other. `code`: nobody can guess it. */
  async giveSession(code: string, browserKey: string, { sessionId, returnTo }: HandOver): Promise<void> {
    await this.#give(code, browserKey, this.#sealer.seal(sessionId, sessionContext(code)), returnTo)
  }

  /**
   * Once, whoever asks: in another browser than the one it is for it is spent, too. Undefined: not known, not any more,
   * or not for this browser.
   */
  async takeSession(code: string, browserId: string | undefined): Promise<HandOver | undefined> {
    const taken = await this.#take(code)
    if (taken === undefined || browserId === undefined || keyOf(browserId) !== taken.browserKey) return undefined
    const sessionId = this.#sealer.open(taken.sealed, sessionContext(code))
    return sessionId === undefined ? undefined : { sessionId, returnTo: taken.returnTo }
  }

  /** Where to go on after the other host was passed. */
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
