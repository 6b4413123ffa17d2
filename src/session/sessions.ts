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
  /** Groups are asked for: a session of an OP without any is from before that, and over. */
  readonly readsGroups?: boolean
  /** Whether who let the person in is still trusted; default: always. Asked as often as a session is read. */
  readonly isVouchedFor?: (record: SessionRecord) => boolean
  readonly idleTimeoutSeconds: number
  readonly absoluteTimeoutSeconds: number
}

/** Opens, finds and ends sessions. In front of the store stands a cache, so that a busy session costs no read per request. */
export class Sessions {
  readonly #store: SessionStore
  readonly #sealer: Sealer
  readonly #times: SessionTimes
  readonly #changes: Changes
  readonly #now: Clock
  /** Goes by ids, which nobody else knows. */
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
   * The running session with that id; its use now counts against the idle timeout. Rejects with `store-unavailable` where it is not
   * known, and cannot be asked for.
   */
  find(id: string): Awaitable<Session | undefined> {
    return after(this.#running(id), session => this.#use(session))
  }

  /** The running session with that id; nothing counts. Rejects as `find` does. */
  peek(id: string): Awaitable<Session | undefined> {
    return this.#running(id)
  }

  /** Of a session that was found. Rejects with `store-unavailable` where neither the store nor the other processes can be reached. */
  end(id: string): Promise<void> {
    return this.endByKey(keyOf(id))
  }

  /** The same, of one that is over since the OP was not asked for too long. */
  endOverdue(id: string): Promise<void> {
    return this.#endings.end(keyOf(id), true)
  }

  /** As `end`, by its key. */
  endByKey(key: string): Promise<void> {
    return this.#endings.end(key)
  }

  /** The running session that the store knows by that key; nothing counts. Rejects as `find` does. */
  async peekByKey(key: string): Promise<SessionRecord | undefined> {
    const record = await this.#store.readSession(key)
    if (record === undefined || !this.#counts(record) || this.#isOver(record, record.lastSeenAtMs)) return undefined
    return record
  }

  /** Whoever wants to leave while the store cannot be asked: the session ends once it can. */
  endUnseen(id: string): void {
    if (isOpaqueId(id)) this.#endings.endUnseen(keyOf(id))
  }

  /** The running sessions of an account, kept under any of the keys, newest first. */
  async of(accountKeys: readonly AccountKey[]): Promise<SessionRecord[]> {
    const all = (await Promise.all(accountKeys.map(accountKey => this.#store.sessionsOf({ accountKey })))).flat()
    return all
      .filter(record => this.#counts(record) && !this.#isOver(record, record.lastSeenAtMs))
      .sort((one, other) => other.createdAtMs - one.createdAtMs)
  }

  /** Ends one session of an account, kept under any of the keys. True where there was such a session. */
  async endOf(accountKeys: readonly AccountKey[], key: string): Promise<boolean> {
    const record = await this.#store.readSession(key)
    if (record === undefined || !accountKeys.includes(record.accountKey)) return false
    await this.#endings.end(key)
    return true
  }

  /** Returns what was there. */
  endAll(selector: SessionSelector): Promise<EndedSession[]> {
    return this.#endings.endAll(selector)
  }

  /** Undefined when they cannot be opened: changed, or sealed with a key that is gone. */
  tokensOf(record: SessionRecord): SessionTokens | undefined {
    return openTokens(record, this.#sealer)
  }

  /** Reads the record again, past the cache. False when the session is gone. */
  async reread(session: Session): Promise<boolean> {
    const read = this.#sessionOf(await this.#store.readSession(session.record.key))
    if (read === undefined || !isSame(session, read.record)) return false
    session.record = read.record
    return true
  }

  /**
   * `gone`: the session has ended meanwhile. Returns the fault of a store that does not take it now: then it is kept
   * here and by the other processes until the store does. `isAnswered`: or the OP is to be asked again, with these.
   */
  async saveRefresh(session: Session, tokens: SessionTokens, isAnswered = true): Promise<'saved' | 'gone' | Fault> {
    const { key, refreshedAtMs: insteadOfMs } = session.record
    // Others see by it that there are new tokens.
    const refreshedAtMs = isAnswered ? this.#now() : insteadOfMs + 1
    const sealedTokens = sealTokens(session.record, tokens, this.#sealer)
    // From now on these count, whatever becomes of the store.
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

  /** Before the store is closed: saves what is unsaved until `signal`, and hands over the rest to the other processes. */
  async settle(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#unsaved.settle(signal), this.#endings.settle(signal)])
    for (const refreshed of this.#unsaved.held) this.#changes.publish({ kind: 'refreshed', ...refreshed })
  }

  claimRefresh(session: Session, leaseMs: number): Awaitable<boolean> {
    return this.#store.claimRefresh(session.record.key, this.#now(), leaseMs)
  }

  /** Gives the claim back without a refresh. */
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
    // By a ticket: it may have named none.
    if (groups === undefined && current.evidence.firstFactor === undefined) return undefined
    return { record: withGroups(current, groups), lastSeenAtMs }
  }

  /** The store may have what has ended, what is not ours, and what nobody vouches for any more. */
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

  /** By its timeouts. `lastSeenAtMs` may run ahead of the record. */
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
    // Far ahead: the clock was set back since.
    if (sinceMs > idleMs / TOUCH_FRACTION || sinceMs < -idleMs / 2) {
      session.record = { ...record, lastSeenAtMs: now }
      this.#touch(record.key, now)
    }
    return session
  }

  /** The request does not wait for it, nor fail by it: once the session is read again, the next use tries again. */
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
