import type { AccountKey } from '../account-key.ts'
import { type Awaitable, after } from '../awaitable.ts'
import type { Clock, Surroundings } from '../clock.ts'
import { type Fault, unavailable } from '../errors.ts'
import type { Changes } from '../store/changes.ts'
import type { ReadCacheSettings } from '../store/read-cache.ts'
import { isOpaqueId, keyOf, newOpaqueId } from './opaque-id.ts'
import type { Sealer } from './sealer.ts'
import { bindingOf, isOurs, openTokens, type SessionTokens, sealTokens } from './session-binding.ts'
import { hearChange, isSame, type Session, type SessionCache, sessionCache, TOUCH_FRACTION } from './session-cache.ts'
import { SessionEndings } from './session-endings.ts'
import type { EndedSession, SessionRecord, SessionSelector, SessionStore } from './session-store.ts'
import { UnsavedRefreshes } from './unsaved-refreshes.ts'

export interface SessionTimes extends ReadCacheSettings {
  /** Whether groups are configured: a session of an OP stored without groups predates that, and is over. */
  readonly readsGroups?: boolean
  /** Whether whoever vouched for the person is still trusted; default: always. Checked at each read. */
  readonly isVouchedFor?: (record: SessionRecord) => boolean
  readonly idleTimeoutSeconds: number
  readonly absoluteTimeoutSeconds: number
}

/** Opens, finds and ends sessions. A cache in front of the store saves a busy session a read per request. */
export class Sessions {
  readonly #store: SessionStore
  readonly #sealer: Sealer
  readonly #times: SessionTimes
  readonly #changes: Changes
  readonly #now: Clock
  /** Keyed by id, which only the browser knows. */
  readonly #cache: SessionCache
  readonly #unsaved: UnsavedRefreshes
  readonly #endings: SessionEndings

  constructor(
    store: SessionStore,
    sealer: Sealer,
    times: SessionTimes,
    changes: Changes,
    { now, monotonic }: Pick<Surroundings, 'now' | 'monotonic'>,
  ) {
    this.#store = store
    this.#sealer = sealer
    this.#times = times
    this.#changes = changes
    this.#now = now
    this.#cache = sessionCache(times, id => this.#read(id), monotonic)
    this.#unsaved = new UnsavedRefreshes(store, monotonic)
    this.#endings = new SessionEndings(store, changes, monotonic)
    changes.subscribe(change => {
      if (change.kind === 'refreshed') this.#unsaved.hold(change)
      else if (change.kind === 'missed') this.#unsaved.again()
      hearChange(this.#cache, change)
    })
  }

  /** Opens a session under a new id, which is returned: an id from before the sign-in is never reused (session fixation). */
  async open(
    person: Pick<SessionRecord, 'subject' | 'opSessionId' | 'account' | 'accountKey' | 'evidence' | 'from'>,
    tokens: SessionTokens,
  ): Promise<string> {
    const id = newOpaqueId()
    const now = this.#now()
    const key = keyOf(id)
    const lasting = { ...person, key, createdAtMs: now }
    await this.#store.createSession({
      ...{ ...lasting, lastSeenAtMs: now, refreshedAtMs: now },
      sealedTokens: sealTokens(lasting, tokens, this.#sealer),
      binding: bindingOf(lasting, this.#sealer),
    })
    return id
  }

  /**
   * The running session with that id; counts as a use for the idle timeout. Rejects with `store-unavailable` if it is
   * not cached and the store cannot be asked.
   */
  find(id: string): Awaitable<Session | undefined> {
    return after(this.#running(id), session => this.#use(session))
  }

  /** The running session with that id; does not count as a use. Rejects as `find` does. */
  peek(id: string): Awaitable<Session | undefined> {
    return this.#running(id)
  }

  /** Ends an existing session. Rejects with `store-unavailable` if neither store nor other processes can be reached. */
  end(id: string): Promise<void> {
    return this.endByKey(keyOf(id))
  }

  /** Like `end`, for a session that is over because the OP was not asked for too long. */
  endOverdue(id: string): Promise<void> {
    return this.#endings.end(keyOf(id), true)
  }

  /** Like `end`, by the key. */
  endByKey(key: string): Promise<void> {
    return this.#endings.end(key)
  }

  /** The running session with that key, read from the store; does not count as a use. Rejects as `find` does. */
  async peekByKey(key: string): Promise<SessionRecord | undefined> {
    const record = await this.#store.readSession(key)
    if (record === undefined || !this.#counts(record) || this.#isOver(record, record.lastSeenAtMs)) return undefined
    return record
  }

  /** For signing out while the store is unavailable: the session is deleted once the store is back. */
  endUnseen(id: string): void {
    if (isOpaqueId(id)) this.#endings.endUnseen(keyOf(id))
  }

  /** The running sessions of an account, stored under any of the keys, newest first. */
  async of(accountKeys: readonly AccountKey[]): Promise<SessionRecord[]> {
    const all = (await Promise.all(accountKeys.map(accountKey => this.#store.sessionsOf({ accountKey })))).flat()
    return all
      .filter(record => this.#counts(record) && !this.#isOver(record, record.lastSeenAtMs))
      .sort((one, other) => other.createdAtMs - one.createdAtMs)
  }

  /** Ends one session of an account, stored under any of the keys. False if the account has no such session. */
  async endOf(accountKeys: readonly AccountKey[], key: string): Promise<boolean> {
    const record = await this.#store.readSession(key)
    if (record === undefined || !accountKeys.includes(record.accountKey)) return false
    await this.#endings.end(key)
    return true
  }

  /** Returns the sessions ended. Rejects as `end` does. */
  endAll(selector: SessionSelector): Promise<EndedSession[]> {
    return this.#endings.endAll(selector)
  }

  /** Undefined if they cannot be opened: altered, or sealed with a key that is no longer configured. */
  tokensOf(record: SessionRecord): SessionTokens | undefined {
    return openTokens(record, this.#sealer)
  }

  /** Reads the record from the store, bypassing the cache. False if the session is gone. */
  async reread(session: Session): Promise<boolean> {
    const read = this.#sessionOf(await this.#store.readSession(session.record.key))
    if (read === undefined || !isSame(session, read.record)) return false
    session.record = read.record
    return true
  }

  /**
   * `gone`: the session has ended. Returns the fault if the store is unavailable; this process and the others then
   * keep the tokens until it accepts them. `isAnswered`: if false, the OP is to be asked again with these tokens.
   */
  async saveRefresh(session: Session, tokens: SessionTokens, isAnswered = true): Promise<'saved' | 'gone' | Fault> {
    const { key, refreshedAtMs: insteadOfMs } = session.record
    // The time changes in either case, so that other processes notice the new tokens.
    const refreshedAtMs = isAnswered ? this.#now() : insteadOfMs + 1
    const sealedTokens = sealTokens(session.record, tokens, this.#sealer)
    // The new tokens are valid from now on, even if they cannot be stored.
    session.record = withGroups({ ...session.record, refreshedAtMs, sealedTokens }, tokens.groups)
    try {
      const isThere = await this.#store.saveRefresh(key, refreshedAtMs, sealedTokens)
      if (isThere) this.#unsaved.stored({ key, refreshedAtMs, insteadOfMs, sealedTokens })
      return isThere && !this.#endings.has(key) ? 'saved' : 'gone'
    } catch (error) {
      const fault = unavailable(error)
      this.#changes.publish({ kind: 'refreshed', key, refreshedAtMs, insteadOfMs, sealedTokens })
      return fault
    }
  }

  /** Before the store is closed: saves what is unsaved until `signal` aborts; other processes get the rest. */
  async settle(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#unsaved.settle(signal), this.#endings.settle(signal)])
    for (const refreshed of this.#unsaved.held) this.#changes.publish({ kind: 'refreshed', ...refreshed })
  }

  claimRefresh(session: Session, leaseMs: number): Awaitable<boolean> {
    return this.#store.claimRefresh(session.record.key, this.#now(), leaseMs)
  }

  /** Releases the claim without a refresh. */
  async releaseRefresh({ record }: Session): Promise<void> {
    await this.#store.releaseRefresh(record.key)
  }

  sweep(nowMs: number): Awaitable<void> {
    const { idleTimeoutSeconds, absoluteTimeoutSeconds } = this.#times
    return this.#store.sweep(nowMs, nowMs - idleTimeoutSeconds * 1000, nowMs - absoluteTimeoutSeconds * 1000)
  }

  #read(id: string): Awaitable<Session | undefined> {
    if (!isOpaqueId(id)) return undefined
    return after(this.#store.readSession(keyOf(id)), record => this.#sessionOf(record))
  }

  #sessionOf(record: SessionRecord | undefined): Session | undefined {
    if (record === undefined || !this.#counts(record)) return undefined
    const current = this.#unsaved.correct(record)
    const { lastSeenAtMs } = current
    if (this.#times.readsGroups !== true) return { record: current, lastSeenAtMs }
    const groups = this.tokensOf(current)?.groups
    // A session opened by a first factor may have no groups: its ticket named none.
    if (groups === undefined && current.evidence.firstFactor === undefined) return undefined
    return { record: withGroups(current, groups), lastSeenAtMs }
  }

  /** False for a session that has ended, was not created by this Torhaus, or whose authority is no longer trusted. */
  #counts(record: SessionRecord): boolean {
    const isVouchedFor = this.#times.isVouchedFor?.(record) ?? true
    return isVouchedFor && !this.#endings.has(record.key) && isOurs(record, this.#sealer)
  }

  #running(id: string): Awaitable<Session | undefined> {
    return after(this.#cache.get(id, id), session => this.#unlessOver(id, session))
  }

  #unlessOver(id: string, session: Session | undefined): Session | undefined {
    if (session === undefined || !this.#isOver(session.record, session.lastSeenAtMs)) return session
    this.#cache.forget(id)
    return undefined
  }

  /** Whether a timeout has passed. `lastSeenAtMs` may be later than in the record. */
  #isOver({ createdAtMs }: SessionRecord, lastSeenAtMs: number): boolean {
    const now = this.#now()
    const { idleTimeoutSeconds, absoluteTimeoutSeconds } = this.#times
    return now - lastSeenAtMs > idleTimeoutSeconds * 1000 || now - createdAtMs > absoluteTimeoutSeconds * 1000
  }

  #use(session: Session | undefined): Session | undefined {
    if (session === undefined) return undefined
    const { record } = session
    const now = this.#now()
    session.lastSeenAtMs = now
    const idleMs = this.#times.idleTimeoutSeconds * 1000
    const sinceMs = now - record.lastSeenAtMs
    // A negative age beyond half the idle timeout means that the clock was set back.
    if (sinceMs > idleMs / TOUCH_FRACTION || sinceMs < -idleMs / 2) {
      session.record = { ...record, lastSeenAtMs: now }
      this.#touch(record.key, now)
    }
    return session
  }

  /** The request neither waits for this nor fails with it; the next use after the session is read again retries it. */
  #touch(key: string, lastSeenAtMs: number): void {
    try {
      const touched = this.#store.touchSession(key, lastSeenAtMs)
      if (touched instanceof Promise) touched.catch(() => undefined)
    } catch (error) {
      unavailable(error)
    }
  }
}

const withGroups = (record: SessionRecord, groups: readonly string[] | undefined): SessionRecord =>
  groups === undefined ? record : { ...record, groups }
