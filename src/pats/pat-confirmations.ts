/**
 * The second factor for personal access tokens. Their clients cannot present one, so they are refused with a link. The
 * owner named by the server opens it in any browser, signs in again and confirms; then the next try passes.
 *
 *   client, a proven token  --> said()     --> confirmed for this network: passes
 *                           --> ask()      --> 403 with a link and a code
 *   owner, at the link      --> request()  --> sees which token, where, by which program, when
 *                           --> confirm()  --> same account only, once
 *                           --> refuse()   --> "this was not me"
 *   owner, own page         --> ask()      --> ahead of the first use there, for the same page
 *                           --> withdraw()
 *
 * Invariant: a confirmation applies to one token in one network, by the account that the server names as its owner.
 */
import type { AccountKey } from '../account-key.ts'
import { type Awaitable, after } from '../awaitable.ts'
import type { Clock, Surroundings } from '../clock.ts'
import { newConfirmationCode, parseConfirmationCode } from '../confirmation-code.ts'
import { unavailable } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import type { Changes } from '../store/changes.ts'
import { ReadCache, type ReadCacheSettings } from '../store/read-cache.ts'
import { UnsavedEndings } from '../store/unsaved-endings.ts'
import type { PatConfirmation, PatConfirmationStore, PatRequest, PatScope } from './pat-confirmation-store.ts'

export interface PatConfirmationSettings extends Omit<ReadCacheSettings, 'keepsAbsent'> {
  readonly requestLifetimeSeconds: number
}

/** The request to confirm, and whether this question opened it. */
export interface OpenedPatRequest {
  readonly request: PatRequest
  readonly isNew: boolean
}

type Place = Pick<Traced, 'clientAddress' | 'clientClass'>
type Said = readonly PatConfirmation[]

/** As long as what is seen of a token is remembered: servers let hardly any live longer. */
const LIFETIME_MS = 400 * 86_400_000

export class PatConfirmations {
  readonly #store: PatConfirmationStore
  readonly #settings: PatConfirmationSettings
  readonly #changes: Changes
  readonly #now: Clock
  /** By fingerprint. */
  readonly #cache: ReadCache<string, Said>
  readonly #withdrawn: UnsavedEndings<PatConfirmation>

  constructor(
    store: PatConfirmationStore,
    settings: PatConfirmationSettings,
    changes: Changes,
    { now, monotonic }: Pick<Surroundings, 'now' | 'monotonic'>,
  ) {
    this.#store = store
    this.#settings = settings
    this.#changes = changes
    this.#now = now
    this.#cache = new ReadCache<string, Said>(
      settings,
      fingerprint => store.confirmationsFor(fingerprint),
      monotonic,
      {},
    )
    this.#withdrawn = new UnsavedEndings(
      async decision => {
        await store.keepConfirmation(decision, true)
        changes.publish({ kind: 'pat', fingerprint: decision.fingerprint })
      },
      changes,
      ({ isWithdrawn: _, ...decision }) => ({ kind: 'pat-withdrawn', ...decision }),
      monotonic,
    )
    changes.subscribe(change => {
      if (change.kind === 'pat') this.#cache.forget(change.fingerprint)
      else if (change.kind === 'pats-changed') this.#cache.expireKeys(change.fingerprints)
      else if (change.kind === 'missed') {
        this.#cache.expire()
        this.#withdrawn.again()
      } else if (change.kind === 'pat-withdrawn') {
        const { kind: _, ...decision } = change
        this.#withdrawn.heard(idOf(decision), { ...decision, isWithdrawn: true })
      }
    })
  }

  /**
   * What the owner has said of the token in that network; undefined: nothing. Synchronous where the store is, or nothing
   * has to be asked. What is found under the fingerprint of an older key is moved to that of the newest, so that it
   * outlives the older key.
   */
  said(
    accountKey: AccountKey,
    fingerprints: readonly string[],
    network: string,
  ): Awaitable<PatConfirmation | undefined> {
    const newest = fingerprints[0] ?? ''
    const held = this.#withdrawn.isEmpty ? undefined : this.#heldOf(accountKey, fingerprints, network)
    if (held !== undefined) return held
    const decision = after(this.#cache.get(newest, newest), said => this.#for(accountKey, network, said))
    if (fingerprints.length === 1) return decision
    return after(decision, known => known ?? this.#saidBefore(accountKey, fingerprints, network))
  }

  /** A request for that: the one that is open, or a new one. */
  ask(scope: PatScope, { clientAddress, clientClass }: Place): Awaitable<OpenedPatRequest> {
    const now = this.#now()
    const code = newConfirmationCode()
    const opened = this.#store.openRequest(
      {
        ...{ ...scope, code, clientAddress, clientClass },
        createdAtMs: now,
        expiresAtMs: now + this.#settings.requestLifetimeSeconds * 1000,
      },
      now,
    )
    return after(opened, request => ({ request, isNew: request.code === code }))
  }

  /** The open request with that code. */
  async request(code: string): Promise<PatRequest | undefined> {
    const request = await this.#store.readRequest(parseConfirmationCode(code))
    return request !== undefined && request.expiresAtMs > this.#now() ? request : undefined
  }

  /** The owner confirms; true for one caller only. `accountKey`: whom the OP says the person is. */
  async confirm({ code, ...asked }: PatRequest, accountKey: AccountKey): Promise<boolean> {
    if (accountKey !== asked.accountKey) return false
    const { fingerprint, network } = asked
    const scope = { accountKey, fingerprint, network }
    if (!(await this.#store.confirm(code, await this.#decision(scope, false)))) return false
    this.#withdrawn.forget(idOf(scope))
    this.#changes.publish({ kind: 'pat', fingerprint })
    return true
  }

  /** Its owner says that it was somebody else: from now on, it must be confirmed. True for one caller only. */
  async refuse({ code, accountKey, fingerprint, network }: PatRequest): Promise<boolean> {
    const decision = await this.#decision({ accountKey, fingerprint, network }, true)
    return this.#end(decision, () => this.#store.confirm(code, decision))
  }

  /**
   * From now on it must be confirmed, also where it was used before. Needs no room in the store; rejects with
   * `store-unavailable` where neither that nor the other processes can be reached, as `refuse` does.
   */
  async withdraw(scope: PatScope): Promise<void> {
    const decision = await this.#decision(scope, true)
    await this.#end(decision, async () => {
      await this.#store.keepConfirmation(decision)
      return true
    })
  }

  /** Before the store is closed: until it has what was withdrawn, or `signal` says that it is enough. */
  settle(signal: AbortSignal): Promise<void> {
    return this.#withdrawn.settle(signal)
  }

  /** The decisions of an account, confirmed or withdrawn, that have not expired. */
  async of(accountKey: AccountKey): Promise<PatConfirmation[]> {
    return (await this.#store.confirmationsOf(accountKey))
      .map(said => this.#withdrawn.get(idOf(said)) ?? said)
      .filter(({ expiresAtMs }) => expiresAtMs > this.#now())
  }

  /** What waits for an account. */
  async requestsOf(accountKey: AccountKey): Promise<PatRequest[]> {
    return (await this.#store.requestsOf(accountKey)).filter(({ expiresAtMs }) => expiresAtMs > this.#now())
  }

  sweep(nowMs: number): Awaitable<void> {
    return this.#store.sweepConfirmations(nowMs)
  }

  /** `write`: whether the store did so, or there was nothing to do. What it does not take is held. */
  async #end(decision: PatConfirmation, write: () => Awaitable<boolean>): Promise<boolean> {
    const id = idOf(decision)
    try {
      if (!(await write())) return false
    } catch (error) {
      await this.#withdrawn.hold([[id, decision]], unavailable(error))
      return true
    }
    this.#withdrawn.stored(id, decision)
    this.#changes.publish({ kind: 'pat', fingerprint: decision.fingerprint })
    return true
  }

  /** Nothing, where the store cannot say. */
  async #known(fingerprint: string): Promise<Said> {
    try {
      return (await this.#cache.get(fingerprint, fingerprint)) ?? []
    } catch (error) {
      unavailable(error)
      return []
    }
  }

  #heldOf(accountKey: AccountKey, fingerprints: readonly string[], network: string): PatConfirmation | undefined {
    for (const fingerprint of fingerprints) {
      const held = this.#withdrawn.get(idOf({ accountKey, fingerprint, network }))
      if (held !== undefined) return held
    }
    return undefined
  }

  /** Later than the one before: that may be of another machine, or of before the clock was set back. */
  async #decision(scope: PatScope, isWithdrawn: boolean): Promise<PatConfirmation> {
    const id = idOf(scope)
    const before = this.#withdrawn.get(id) ?? (await this.#known(scope.fingerprint)).find(said => idOf(said) === id)
    const decidedAtMs = Math.max(this.#now(), (before?.decidedAtMs ?? 0) + 1)
    return { ...scope, isWithdrawn, decidedAtMs, expiresAtMs: decidedAtMs + LIFETIME_MS }
  }

  #for(accountKey: AccountKey, network: string, said: Said = []): PatConfirmation | undefined {
    for (const decision of said)
      if (decision.network === network && decision.accountKey === accountKey)
        return decision.expiresAtMs > this.#now() ? decision : undefined
    return undefined
  }

  async #saidBefore(
    accountKey: AccountKey,
    [newest = '', ...older]: readonly string[],
    network: string,
  ): Promise<PatConfirmation | undefined> {
    let decision: PatConfirmation | undefined
    for (const fingerprint of older) {
      const said = await this.#cache.get(fingerprint, fingerprint)
      if (said === undefined || said.length === 0) continue
      decision ??= this.#for(accountKey, network, said)
      await this.#move(fingerprint, newest)
    }
    return decision
  }

  /** While the store is unavailable, the decisions for the older fingerprint are used as read. */
  async #move(from: string, to: string): Promise<void> {
    try {
      await this.#store.moveConfirmations(from, to)
    } catch (error) {
      unavailable(error)
      return
    }
    for (const fingerprint of [from, to]) this.#changes.publish({ kind: 'pat', fingerprint })
  }
}

const idOf = ({ accountKey, fingerprint, network }: PatScope) => `${fingerprint} ${network} ${accountKey}`
