/**
 * Asks the OP from time to time whether the person behind a session is still welcome, with the refresh token
 * (RFC 6749 6). One process asks at a time, for all requests of the session and all workers: with rotated refresh tokens
 * a second use would end the session (RFC 9700 4.14.2).
 */
import type { Clock } from '../clock.ts'
import { Fault } from '../errors.ts'
import type { Session, Sessions } from '../session/sessions.ts'
import type { OpenIdProvider } from './provider.ts'

export interface RefreshSettings {
  readonly refreshIntervalSeconds: number
  readonly refreshGraceSeconds: number
  readonly timeoutMs: number
}

export type RefreshOutcome = 'refreshed' | 'left-to-another' | 'ended' | 'op-unreachable'

/** After a failure, and while another process asks, so long until the next attempt. */
const RETRY_MS = 10_000

export class SessionRefresh {
  readonly #provider: OpenIdProvider
  readonly #sessions: Sessions
  readonly #settings: RefreshSettings
  readonly #now: Clock
  readonly #underWay = new Map<string, Promise<RefreshOutcome>>()
  readonly #notBefore = new WeakMap<Session, number>()
  readonly #report: (outcome: RefreshOutcome, cause: unknown) => void

  constructor(
    provider: OpenIdProvider,
    sessions: Sessions,
    settings: RefreshSettings,
    now: Clock,
    report: (outcome: RefreshOutcome, cause: unknown) => void,
  ) {
    this.#provider = provider
    this.#sessions = sessions
    this.#settings = settings
    this.#now = now
    this.#report = report
  }

  /**
   * Whether the session may go on. Answers at once while nothing is due, and also while a refresh is due but the grace is
   * not over: the OP is asked in the background. Only a session that is overdue waits for the answer.
   */
  mayGoOn(id: string, session: Session): boolean | Promise<boolean> {
    const now = this.#now()
    const dueAtMs = session.record.refreshedAtMs + this.#settings.refreshIntervalSeconds * 1000
    if (now < dueAtMs || session.record.sealedTokens === undefined) return true
    const overdue = now >= dueAtMs + this.#settings.refreshGraceSeconds * 1000
    if (!overdue && now < (this.#notBefore.get(session) ?? 0)) return true
    const refresh = this.#once(id, session)
    return overdue ? refresh.then(outcome => outcome === 'refreshed' || outcome === 'left-to-another') : true
  }

  #once(id: string, session: Session): Promise<RefreshOutcome> {
    const { key } = session.record
    const running = this.#underWay.get(key)
    if (running !== undefined) return running
    this.#notBefore.set(session, this.#now() + RETRY_MS)
    const started = this.#refresh(id, session).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, started)
    return started
  }

  async #refresh(id: string, session: Session): Promise<RefreshOutcome> {
    const outcome = await this.#ask(id, session).catch((error: unknown) => ({ failed: error }))
    if (typeof outcome === 'string') {
      this.#report(outcome, undefined)
      return outcome
    }
    const refused = outcome.failed instanceof Fault && outcome.failed.code === 'sign-in-refused'
    if (refused) await this.#sessions.end(id)
    this.#report(refused ? 'ended' : 'op-unreachable', outcome.failed)
    return refused ? 'ended' : 'op-unreachable'
  }

  async #ask(id: string, session: Session): Promise<RefreshOutcome> {
    const tokens = this.#sessions.tokensOf(session.record)
    if (tokens.refreshToken === undefined) {
      // The OP gave none: the session lives on its own timeouts.
      await this.#sessions.saveRefresh(session, tokens)
      return 'refreshed'
    }
    // The lease outlives the longest request to the OP, so that nobody starts a second one meanwhile.
    const leaseMs = 2 * this.#settings.timeoutMs + 5000
    if (!(await this.#sessions.claimRefresh(session, leaseMs))) return 'left-to-another'
    const fresh = await this.#provider.refresh(tokens.refreshToken)
    const { sub } = fresh.claims
    if (sub !== undefined && sub !== session.record.subject) {
      // OIDC Core 12.2: the refreshed ID token must speak of the same person.
      await this.#sessions.end(id)
      return 'ended'
    }
    await this.#sessions.saveRefresh(session, {
      refreshToken: fresh.refreshToken ?? tokens.refreshToken,
      idToken: fresh.idToken ?? tokens.idToken,
    })
    return 'refreshed'
  }
}
