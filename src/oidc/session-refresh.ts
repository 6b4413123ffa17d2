/**
 * Asks the OP from time to time whether the person behind a session is still welcome, with the refresh token
 * (RFC 6749 6). One process asks at a time, for all requests of the session and all workers: with rotated refresh tokens
 * a second use would end the session (RFC 9700 4.14.2).
 */
import { setTimeout as sleep } from 'node:timers/promises'
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

/** After a failure so long until the next attempt. */
const RETRY_MS = 10_000
/** How often to look whether another process, which asks the OP now, has its answer. */
const POLL_MS = 100

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
   * not over: the OP is asked in the background. Only a session that is overdue waits for the answer, and ends without one.
   */
  mayGoOn(id: string, session: Session): boolean | Promise<boolean> {
    const now = this.#now()
    const dueAtMs = session.record.refreshedAtMs + this.#settings.refreshIntervalSeconds * 1000
    if (now < dueAtMs || session.record.sealedTokens === undefined) return true
    const overdue = now >= dueAtMs + this.#settings.refreshGraceSeconds * 1000
    if (!overdue && now < (this.#notBefore.get(session) ?? 0)) return true
    const refresh = this.#once(id, session)
    return overdue ? refresh.then(outcome => this.#conclude(id, outcome)) : true
  }

  async #conclude(id: string, outcome: RefreshOutcome): Promise<boolean> {
    if (outcome === 'refreshed') return true
    await this.#sessions.end(id)
    return false
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

  /** Never rejects: in the background nobody would hear it. */
  async #refresh(id: string, session: Session): Promise<RefreshOutcome> {
    try {
      const outcome = await this.#ask(session)
      if (outcome === 'ended') await this.#sessions.end(id)
      this.#report(outcome, undefined)
      return outcome
    } catch (error) {
      const outcome = error instanceof Fault && error.code === 'sign-in-refused' ? 'ended' : 'op-unreachable'
      this.#report(outcome, error)
      const undo = outcome === 'ended' ? this.#sessions.end(id) : this.#sessions.releaseRefresh(session)
      await undo.catch((reason: unknown) => this.#report(outcome, reason))
      return outcome
    }
  }

  async #ask(session: Session): Promise<RefreshOutcome> {
    const { refreshedAtMs } = session.record
    // The lease outlives the longest request to the OP, so that nobody starts a second one meanwhile.
    const leaseMs = 2 * this.#settings.timeoutMs + 5000
    if (!(await this.#sessions.claimRefresh(session, leaseMs))) return this.#awaitOther(session, leaseMs)
    // What we know of the session may be older than the refresh of another process: its refresh token is spent then.
    if (!(await this.#sessions.reread(session))) return 'ended'
    if (session.record.refreshedAtMs !== refreshedAtMs) {
      await this.#sessions.releaseRefresh(session)
      return 'refreshed'
    }
    const tokens = this.#sessions.tokensOf(session.record)
    // Sealed with a key that is gone, or changed: with no way to ask the OP, the person must sign in again.
    if (tokens === undefined) return 'ended'
    if (tokens.refreshToken === undefined) {
      // The OP gave none: the session lives on its own timeouts.
      await this.#sessions.saveRefresh(session, tokens)
      return 'refreshed'
    }
    const fresh = await this.#provider.refresh(tokens.refreshToken)
    const { sub } = fresh.claims
    // OIDC Core 12.2: the refreshed ID token must speak of the same person.
    if (sub !== undefined && sub !== session.record.subject) return 'ended'
    await this.#sessions.saveRefresh(session, {
      refreshToken: fresh.refreshToken ?? tokens.refreshToken,
      idToken: fresh.idToken ?? tokens.idToken,
    })
    // A logout may have come while the OP was asked: its answer is from before that, perhaps.
    return (await this.#sessions.reread(session)) ? 'refreshed' : 'ended'
  }

  /** Another process holds the lease: what it hears from the OP counts for us. */
  async #awaitOther(session: Session, leaseMs: number): Promise<RefreshOutcome> {
    const { refreshedAtMs } = session.record
    for (let waitedMs = 0; waitedMs < leaseMs; waitedMs += POLL_MS) {
      await sleep(POLL_MS)
      if (!(await this.#sessions.reread(session))) return 'ended'
      if (session.record.refreshedAtMs !== refreshedAtMs) return 'refreshed'
    }
    return 'left-to-another'
  }
}
