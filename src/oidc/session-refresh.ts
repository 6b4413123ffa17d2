/**
 * Checks with the OP from time to time that the person behind a session may still sign in, with the refresh token (RFC
 * 6749 6). Only one process asks at a time, for all requests of the session and all workers: if refresh tokens are
 * rotated, a second use would end the session (RFC 9700 4.14.2).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Awaitable } from '../awaitable.ts'
import type { Clock } from '../clock.ts'
import { Fault } from '../errors.ts'
import type { SessionTokens } from '../session/session-binding.ts'
import type { Session } from '../session/session-cache.ts'
import type { SessionRecord } from '../session/session-store.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Claims } from './claims.ts'
import { type GroupsSaid, groupsIn } from './group-claims.ts'
import type { Op, Ops } from './ops.ts'
import type { TokenSet } from './provider.ts'

export interface SessionRefreshParts {
  readonly ops: Pick<Ops, 'all' | 'ofStored' | 'stored' | 'unstored'>
  readonly sessions: Sessions
  readonly now: Clock
  /** Whether an option or rule asks for groups: a change at the OP takes effect at the next refresh. */
  readonly readsGroups: boolean
  /** What the OP says otherwise now, so that the session must end. */
  readonly changed: (op: Op, claims: Claims, record: SessionRecord) => Awaitable<string | undefined>
  /** `cause`: of a failure, or of an end that the OP did not state explicitly. */
  readonly report: (outcome: RefreshOutcome, cause: unknown) => void
}

/**
 * `held`: the OP has said yes, and the store does not have its new tokens yet. `store-unavailable`: the OP was not
 * asked, nobody may.
 */
export const refreshOutcomes = [
  ...(['refreshed', 'held', 'left-to-another', 'ended'] as const),
  ...(['op-unreachable', 'store-unavailable'] as const),
]
export type RefreshOutcome = (typeof refreshOutcomes)[number]

/** Shortest time from one attempt to the next in the background. */
const RETRY_MS = 10_000
/** How often to look whether another process, which asks the OP now, has its answer: pauses double, up to the last. */
const [FIRST_POLL_MS, LAST_POLL_MS] = [100, 1000]
/**
 * Most sessions refreshed at a time while their requests continue. Otherwise, a hanging OP would hold a connection for
 * each active session; a session without a place is refreshed with a later request.
 */
const MAX_IN_BACKGROUND = 64

export class SessionRefresh {
  readonly #ops: SessionRefreshParts['ops']
  readonly #sessions: Sessions
  readonly #now: Clock
  readonly #changed: SessionRefreshParts['changed']
  readonly #readsGroups: boolean
  readonly #underWay = new Map<string, Promise<RefreshOutcome>>()
  /** Of sessions whose requests wait. */
  readonly #waitedFor = new Map<string, Promise<RefreshOutcome>>()
  readonly #notBefore = new WeakMap<Session, number>()
  #inBackground = 0
  readonly #report: SessionRefreshParts['report']
  /** It outlives the longest request to an OP, so that nobody starts a second one meanwhile. */
  readonly #leaseMs: number

  constructor({ ops, sessions, now, readsGroups, changed, report }: SessionRefreshParts) {
    this.#ops = ops
    this.#sessions = sessions
    this.#now = now
    this.#changed = changed
    this.#readsGroups = readsGroups
    this.#report = report
    this.#leaseMs = 2 * Math.max(...ops.all.map(({ settings }) => settings.timeoutMs)) + 5000
  }

  /**
   * Whether the session may go on. Answers at once while nothing is due, and also while a refresh is due but the grace
   * is not over: the OP is asked in the background. Only a session that is overdue waits for the answer, and ends
   * without one.
   */
  mayGoOn(id: string, session: Session): boolean | Promise<boolean> {
    const now = this.#now()
    const { record } = session
    const op = this.#ops.ofStored(record.subject)
    // Opened by a ticket; otherwise its OP is no longer configured and cannot be asked.
    if (op === undefined) return record.evidence.firstFactor !== undefined || this.#sessions.end(id).then(() => false)
    const { refreshIntervalSeconds, refreshGraceSeconds } = op.settings
    if (!this.#isDue(record, op) || record.sealedTokens === undefined) return true
    const overdue = now >= record.refreshedAtMs + (refreshIntervalSeconds + refreshGraceSeconds) * 1000
    if (overdue) return this.#waitFor(id, session, op).then(outcome => this.#conclude(id, outcome))
    const mayAsk = now >= (this.#notBefore.get(session) ?? 0) && this.#inBackground < MAX_IN_BACKGROUND
    if (mayAsk) void this.#askBeside(id, session, op)
    return true
  }

  /** Tokens may be other ones, and the OP is to be asked all the same. */
  #isDue({ refreshedAtMs }: SessionRecord, { settings }: Op): boolean {
    return this.#now() >= refreshedAtMs + settings.refreshIntervalSeconds * 1000
  }

  async #askBeside(id: string, session: Session, op: Op): Promise<void> {
    this.#inBackground++
    await this.#once(id, session, op)
    this.#inBackground--
  }

  async #conclude(id: string, outcome: RefreshOutcome): Promise<boolean> {
    if (outcome === 'refreshed' || outcome === 'held') return true
    // It says nothing about the person. This request has no answer; the next one asks again.
    if (outcome === 'store-unavailable') throw new Fault('store-unavailable')
    if (outcome === 'ended') await this.#sessions.end(id)
    else await this.#sessions.endOverdue(id)
    return false
  }

  /**
   * Refreshes now, or waits until the process that does has its answer. A refresh in the background does not wait for
   * another process: the store tells of new tokens.
   */
  #waitFor(id: string, session: Session, op: Op): Promise<RefreshOutcome> {
    const { key } = session.record
    const waiting = this.#waitedFor.get(key)
    if (waiting !== undefined) return waiting
    const started = this.#once(id, session, op)
      .then(outcome => (outcome === 'left-to-another' ? this.#awaitOther(session, op) : outcome))
      .finally(() => this.#waitedFor.delete(key))
    this.#waitedFor.set(key, started)
    return started
  }

  #once(id: string, session: Session, op: Op): Promise<RefreshOutcome> {
    const { key } = session.record
    const running = this.#underWay.get(key)
    if (running !== undefined) return running
    this.#notBefore.set(session, this.#now() + RETRY_MS)
    const started = this.#refresh(id, session, op).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, started)
    return started
  }

  /**
   * Once no more requests come: what is under way ends, and its tokens are saved or handed over; until `signal`, and
   * for a lease at most.
   */
  async settle(signal: AbortSignal): Promise<void> {
    const late = new AbortController()
    using _late = setTimeout(() => late.abort(), this.#leaseMs)
    const enough = AbortSignal.any([signal, late.signal])
    const over = new Promise<void>(resolve => {
      if (enough.aborted) resolve()
      else enough.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([Promise.all([...this.#underWay.values(), ...this.#waitedFor.values()]), over])
    await this.#sessions.settle(enough)
  }

  /** Never rejects: in the background nobody would hear it. */
  async #refresh(id: string, session: Session, op: Op): Promise<RefreshOutcome> {
    try {
      const answer = await this.#ask(session, op)
      if (answer === 'ended') await this.#sessions.end(id)
      const [outcome, cause] = answer instanceof Fault ? (['held', answer] as const) : ([answer, undefined] as const)
      this.#report(outcome, cause)
      return outcome
    } catch (error) {
      const outcome = outcomeOf(error)
      this.#report(outcome, error)
      if (outcome === 'store-unavailable') return outcome
      const undo = outcome === 'ended' ? this.#sessions.end(id) : this.#sessions.releaseRefresh(session)
      await undo.catch((reason: unknown) => this.#report(outcome === 'ended' ? outcome : outcomeOf(reason), reason))
      return outcome
    }
  }

  /** A fault: what the OP said could not be stored because of it. */
  async #ask(session: Session, op: Op): Promise<RefreshOutcome | Fault> {
    if (!(await this.#sessions.claimRefresh(session, this.#leaseMs))) return 'left-to-another'
    // What we know of the session may be older than the refresh of another process: its refresh token is spent then.
    if (!(await this.#sessions.reread(session))) return 'ended'
    if (!this.#isDue(session.record, op)) {
      await this.#sessions.releaseRefresh(session)
      return 'refreshed'
    }
    const tokens = this.#sessions.tokensOf(session.record)
    // Sealed with a key that is gone, or changed: with no way to ask the OP, the person must sign in again.
    if (tokens === undefined) return 'ended'
    if (tokens.refreshToken === undefined) {
      // The OP gave none: the session lives on its own timeouts.
      return this.#saved(session, tokens)
    }
    const { subject } = session.record
    const { refreshToken = tokens.refreshToken, validated } = await op.provider.refresh(
      tokens.refreshToken,
      this.#ops.unstored(subject),
    )
    const fresh = await validated().catch(async (error: unknown) => {
      // The next question is asked with this one, whatever becomes of the store.
      if (refreshToken !== tokens.refreshToken)
        await this.#sessions.saveRefresh(session, { ...tokens, refreshToken }, false)
      throw error
    })
    const { sub } = fresh.claims
    // OIDC Core 12.2: the refreshed ID token must speak of the same person.
    if (sub !== undefined && this.#ops.stored(op, String(sub)) !== subject) return 'ended'
    const change = await this.#changed(op, fresh.claims, session.record)
    if (change !== undefined) throw new Fault('sign-in-refused', new Error(`token endpoint: at the refresh ${change}`))
    const said = this.#groupsIn(op, fresh)
    if (said !== undefined && 'unknown' in said)
      throw new Fault('sign-in-refused', new Error(`token endpoint: at the refresh ${said.unknown}`))
    return this.#saved(session, {
      refreshToken,
      idToken: fresh.idToken ?? tokens.idToken,
      groups: said?.groups ?? tokens.groups,
    })
  }

  /** A logout may have arrived while the OP was asked, whose answer may be older. */
  async #saved(session: Session, tokens: SessionTokens): Promise<RefreshOutcome | Fault> {
    const saved = await this.#sessions.saveRefresh(session, tokens)
    if (saved instanceof Fault) return saved
    return saved === 'gone' ? 'ended' : 'refreshed'
  }

  /** An OP that gives no ID token at a refresh says nothing of groups. */
  #groupsIn({ settings }: Op, { claims, idToken }: TokenSet): GroupsSaid | undefined {
    return this.#readsGroups && idToken !== undefined ? groupsIn(claims, settings.idToken.groups) : undefined
  }

  /** Another process holds the lease; its result is used here as well. Never rejects. */
  async #awaitOther(session: Session, op: Op): Promise<RefreshOutcome> {
    try {
      let pauseMs = FIRST_POLL_MS
      for (let waitedMs = 0; waitedMs < this.#leaseMs; waitedMs += pauseMs) {
        if (waitedMs > 0) pauseMs = Math.min(2 * pauseMs, LAST_POLL_MS)
        await sleep(pauseMs)
        if (!(await this.#sessions.reread(session))) return 'ended'
        if (!this.#isDue(session.record, op)) return 'refreshed'
      }
      return 'left-to-another'
    } catch (error) {
      const outcome = outcomeOf(error)
      this.#report(outcome, error)
      return outcome
    }
  }
}

function outcomeOf(error: unknown): 'ended' | 'op-unreachable' | 'store-unavailable' {
  const code = error instanceof Fault ? error.code : undefined
  if (code === 'store-unavailable') return code
  return code === 'sign-in-refused' ? 'ended' : 'op-unreachable'
}
