/**
 * Second-factor grants: how git, Visual Studio and scripts get a second factor. They cannot be redirected, so they are
 * refused with a link. A person opens it in any browser, signs in with the second factor and confirms; then the next
 * try passes.
 *
 *   client, first factor only --> ask()      --> 403 with a link and a code
 *   person at the link        --> request()  --> sees account, address, program, time
 *                             --> confirm()  --> same account only, once
 *                             --> refuse()   --> "this was not me": nobody can confirm it any more
 *   client, again             --> find()     --> passes, from this network, with this class of client, for what was confirmed
 */

import { randomUUID } from 'node:crypto'
import { type NetworkSettings, networkOf } from '../../config/address-prefix.ts'
import type { AccountKey } from '../account-key.ts'
import { type Awaitable, after } from '../awaitable.ts'
import type { Clock, Surroundings } from '../clock.ts'
import { newConfirmationCode, parseConfirmationCode } from '../confirmation-code.ts'
import type { Cover } from '../cover.ts'
import type { StepUp } from '../decision.ts'
import { unavailable } from '../errors.ts'
import type { Evidence, Traced } from '../exchange.ts'
import type { Changes } from '../store/changes.ts'
import { ReadCache, type ReadCacheSettings } from '../store/read-cache.ts'
import { hashTag } from '../store/redis-names.ts'
import { UnsavedEndings } from '../store/unsaved-endings.ts'
import { bound, type Counting, ours, type Signer } from './grant-binding.ts'
import type { Grant, GrantRequest, GrantScope, GrantStore } from './grant-store.ts'

export interface GrantSettings extends NetworkSettings, ReadCacheSettings, Counting {
  readonly lifetimeSeconds: number
  readonly requestLifetimeSeconds: number
}

export type ConfirmOutcome = 'confirmed' | 'other-account' | 'gone'

/** The request to confirm, and whether this question opened it. */
export interface OpenedRequest {
  readonly request: GrantRequest
  readonly isNew: boolean
}

type Revoked = Pick<Grant, 'accountKey' | 'id'>
type Asking = Pick<Traced, 'clientAddress' | 'clientClass' | 'fields'>

const MAX_USER_AGENT_LENGTH = 200

const BY_ACCOUNT = { accountTag: ({ accountKey }: GrantScope) => hashTag(accountKey) }

export class Grants {
  readonly #store: GrantStore
  readonly #settings: GrantSettings
  readonly #changes: Changes
  readonly #now: Clock
  readonly #cache: ReadCache<GrantScope, Grant, 'accountTag'>
  readonly #ended: UnsavedEndings<Revoked>
  readonly #signer: Signer

  constructor(
    store: GrantStore,
    signer: Signer,
    settings: GrantSettings,
    changes: Changes,
    { now, monotonic }: Pick<Surroundings, 'now' | 'monotonic'>,
  ) {
    this.#store = store
    this.#signer = signer
    this.#settings = settings
    this.#changes = changes
    this.#now = now
    const read = (scope: GrantScope) => after(store.findGrant(scope), grant => this.#ours(grant))
    // That there is none is asked each time where nobody would tell of one: the try after a confirmation passes.
    this.#cache = new ReadCache(
      { ...settings, keepsAbsent: 'while told' },
      read,
      monotonic,
      BY_ACCOUNT,
      undefined,
      BY_ACCOUNT,
    )
    this.#ended = new UnsavedEndings(
      ({ accountKey, id }) => store.revokeGrant(accountKey, id),
      changes,
      revoked => ({ kind: 'grant-ended', ...revoked }),
      monotonic,
    )
    changes.subscribe(change => {
      if (change.kind === 'grant-ended') this.#ended.heard(change.id, { accountKey: change.accountKey, id: change.id })
      else if (change.kind === 'grants') this.#cache.forgetBy('accountTag', hashTag(change.accountKey))
      else if (change.kind === 'grants-changed') this.#cache.expireBy('accountTag', change.accountTags)
      else if (change.kind === 'missed') {
        this.#cache.expire()
        this.#ended.again()
      }
    })
  }

  scopeOf(accountKey: AccountKey, { clientAddress, clientClass }: Asking): GrantScope {
    return { accountKey, clientClass, network: networkOf(clientAddress, this.#settings) }
  }

  /** What runs of the grant of that scope. Whether it is enough, the policy says. */
  find(scope: GrantScope): Awaitable<Grant | undefined> {
    const grant = this.#cache.get(`${scope.clientClass} ${scope.network} ${scope.accountKey}`, scope)
    return after(grant, found => this.#running(found))
  }

  /** A request for a grant of that scope, for that: the one that is open, or a new one. */
  ask(
    scope: GrantScope,
    { clientAddress, fields }: Asking,
    stepUp: StepUp,
    cover: Cover | undefined,
  ): Awaitable<OpenedRequest> {
    const now = this.#now()
    const code = newConfirmationCode()
    const asked = (request: GrantRequest): OpenedRequest => ({ request, isNew: request.code === code })
    const opened = this.#store.openRequest(
      {
        ...scope,
        ...stepUp,
        ...{ clientAddress, code, cover },
        userAgent: (fields.kept['user-agent'] ?? '').slice(0, MAX_USER_AGENT_LENGTH),
        createdAtMs: now,
        expiresAtMs: now + this.#settings.requestLifetimeSeconds * 1000,
      },
      now,
    )
    return after(opened, asked)
  }

  /** The open request with that code, in whatever case and with or without the dash. */
  async request(code: string): Promise<GrantRequest | undefined> {
    const request = await this.#store.readRequest(parseConfirmationCode(code))
    return request !== undefined && request.expiresAtMs > this.#now() ? request : undefined
  }

  /** A person confirms. `accountKey`: whom the OP says the person is. `vouchedBy`: see `Confirmation`. */
  async confirm(
    request: GrantRequest,
    accountKey: AccountKey,
    evidence: Evidence,
    vouchedBy?: string,
  ): Promise<ConfirmOutcome> {
    if (accountKey !== request.accountKey) return 'other-account'
    if (evidence.authTime === undefined) return 'gone'
    const now = this.#now()
    const { network, clientClass, clientAddress, userAgent, cover } = request
    // What was taken back while the store was away stays so: nothing of it may be carried on.
    const before = await this.#store.findGrant(request)
    if (before !== undefined && this.#ended.has(before.id)) await this.#store.revokeGrant(accountKey, before.id)
    const scope = { accountKey, network, clientClass }
    const expiresAtMs = now + this.#settings.lifetimeSeconds * 1000
    const confirmed = await this.#store.confirm(request.code, {
      ...{ ...scope, clientAddress, userAgent, id: randomUUID() },
      confirmations: [
        bound(
          scope,
          { cover, evidence, grantedAtMs: now, expiresAtMs, ...(vouchedBy === undefined ? {} : { vouchedBy }) },
          this.#signer,
        ),
      ],
    })
    if (!confirmed) return 'gone'
    this.#changes.publish({ kind: 'grants', accountKey })
    return 'confirmed'
  }

  /** Its owner says that it was somebody else. True for one caller only. */
  async refuse(request: GrantRequest): Promise<boolean> {
    return this.#store.refuseRequest(request)
  }

  sweep(nowMs: number): Awaitable<void> {
    return this.#store.sweepGrants(nowMs)
  }

  /** The running grants of an account, newest first. */
  async of(accountKey: AccountKey): Promise<Grant[]> {
    return (await this.#store.grantsOf(accountKey)).flatMap(grant => this.#running(this.#ours(grant)) ?? [])
  }

  /**
   * Rejects with `store-unavailable` where neither the store nor the other processes can be reached; so does
   * `revokeAll`.
   */
  async revoke(accountKey: AccountKey, id: string): Promise<boolean> {
    return this.#revoked(
      accountKey,
      () => this.#store.revokeGrant(accountKey, id),
      grant => grant.id === id,
    )
  }

  async revokeAll(accountKey: AccountKey): Promise<void> {
    await this.#revoked(
      accountKey,
      () => this.#store.revokeGrantsOf(accountKey),
      () => true,
    )
  }

  /** Before the store is closed: until it has what was revoked, or `signal` says that it is enough. */
  settle(signal: AbortSignal): Promise<void> {
    return this.#ended.settle(signal)
  }

  /** If the store does not accept it, it is kept in memory: revoking access must work without free space. */
  async #revoked<T>(
    accountKey: AccountKey,
    revoke: () => Awaitable<T>,
    fits: (grant: Grant) => boolean,
  ): Promise<T | boolean> {
    // Before: of what is gone nobody could say what it was.
    const running = (await this.of(accountKey)).filter(fits)
    try {
      const answer = await revoke()
      for (const { id } of running) this.#ended.stored(id, { accountKey, id })
      this.#changes.publish({ kind: 'grants', accountKey })
      return answer
    } catch (error) {
      const endings = running.map(({ id }) => [id, { accountKey, id }] as const)
      await this.#ended.hold(endings, unavailable(error))
      return running.length > 0
    }
  }

  /** The store may have what is not ours. */
  #ours(grant: Grant | undefined): Grant | undefined {
    return grant && ours(grant, this.#signer, this.#settings)
  }

  #running(grant: Grant | undefined): Grant | undefined {
    if (grant === undefined || this.#ended.has(grant.id)) return undefined
    const now = this.#now()
    if (grant.confirmations.every(({ expiresAtMs }) => expiresAtMs > now))
      return grant.confirmations.length > 0 ? grant : undefined
    const confirmations = grant.confirmations.filter(({ expiresAtMs }) => expiresAtMs > now)
    return confirmations.length === 0 ? undefined : { ...grant, confirmations }
  }
}
