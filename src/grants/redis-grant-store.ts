/**
 * Grants in Redis. Everything of an account is in one hash slot: a hash of its grants and one of its requests, by
 * scope. So a confirmation removes the request and creates the grant in one step. Only the mapping from a code to its
 * account is elsewhere.
 */
import { type AccountKey, storedAccountKey } from '../account-key.ts'
import type { Clock } from '../clock.ts'
import { coverText, isSameCover, parseCover } from '../cover.ts'
import { isNumber, isText, isTexts, orAbsent, type Shape } from '../store/record-shape.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import { hashTag, type RedisNames } from '../store/redis-names.ts'
import { fieldsOf, jsonOf, textsOf } from '../store/redis-reply.ts'
import {
  type Grant,
  type GrantRequest,
  type GrantScope,
  type GrantStore,
  isStillGood,
  MAX_REQUESTS_PER_ACCOUNT,
} from './grant-store.ts'
import { CONFIRM, OPEN, REFUSE, REVOKE } from './redis-grant-scripts.ts'
import {
  areConfirmations,
  type FlatGrant,
  flatOf,
  readConfirmations,
  type WrittenConfirmation,
  withEarlier,
  writtenConfirmations,
} from './written-grant.ts'

/** Where a code leads. */
interface Pointer {
  readonly v: number
  /** The key of the account. */
  readonly account: string
  readonly scope: string
}

export class RedisGrantStore implements GrantStore {
  readonly #link: RedisConnection
  readonly #names: RedisNames
  readonly #now: Clock

  constructor(link: RedisConnection, names: RedisNames, now: Clock) {
    this.#link = link
    this.#names = names
    this.#now = now
  }

  async findGrant(scope: GrantScope): Promise<Grant | undefined> {
    const grants = this.#grants(scope.accountKey)
    const reply = await this.#link.call(grants, 'HGET', grants, fieldOf(scope))
    return reply === null ? undefined : grantOf(reply)
  }

  async grantsOf(accountKey: AccountKey): Promise<Grant[]> {
    const grants = this.#grants(accountKey)
    const fields = fieldsOf(await this.#link.call(grants, 'HGETALL', grants))
    return Array.from(fields.values(), grantOf).sort(
      (one, other) => flatOf(other).grantedAtMs - flatOf(one).grantedAtMs,
    )
  }

  async openRequest(request: GrantRequest, nowMs: number): Promise<GrantRequest> {
    const { accountKey, code, expiresAtMs } = request
    const requests = this.#requests(accountKey)
    const { field, before } = await this.#placeOf(request, nowMs)
    const open = before === undefined ? undefined : requestOf(before)
    if (open !== undefined && isStillGood(open, request, nowMs)) return open
    const lifetimeMs = Math.max(1, expiresAtMs - nowMs)
    const pointer = this.#pointer(code)
    // Before the request: a code that is shown must lead to it.
    const target = JSON.stringify({ v: 1, account: accountKey, scope: field } satisfies Pointer)
    await this.#link.call(pointer, 'SET', pointer, target, 'PX', String(lifetimeMs))
    const rest = [nowMs, lifetimeMs, MAX_REQUESTS_PER_ACCOUNT]
    const isOurs = await this.#link.run(OPEN, [requests], field, before ?? '', writtenRequest(request), ...rest)
    // Two at once: the other's link is shown to both.
    return isOurs === 1 ? request : this.openRequest(request, nowMs)
  }

  async readRequest(code: string): Promise<GrantRequest | undefined> {
    const pointer = this.#pointer(code)
    const target = await this.#link.call(pointer, 'GET', pointer)
    if (target === null) return undefined
    const { account, scope } = jsonOf<Pointer>(target, POINTER)
    const requests = this.#requests(storedAccountKey(account))
    const reply = await this.#link.call(requests, 'HGET', requests, scope)
    const request = reply === null ? undefined : requestOf(reply)
    return request?.code === code ? request : undefined
  }

  /**
   * The field for a request, and what stands there. Earlier versions know one for a scope, whatever for: where that is
   * taken by another one, the field says what for.
   */
  async #placeOf(request: GrantRequest, nowMs: number): Promise<{ field: string; before: string | undefined }> {
    const requests = this.#requests(request.accountKey)
    const [plain, own] = [fieldOf(request), ownFieldOf(request)]
    const [inPlain, inOwn] = textsOf(await this.#link.call(requests, 'HMGET', requests, plain, own))
    if (inOwn !== undefined) return { field: own, before: inOwn }
    const open = inPlain === undefined ? undefined : requestOf(inPlain)
    const isFree = open === undefined || open.expiresAtMs <= nowMs || isSameCover(open.cover, request.cover)
    return isFree ? { field: plain, before: inPlain } : { field: own, before: undefined }
  }

  async confirm(code: string, made: Grant): Promise<boolean> {
    const keys: [string, string] = [this.#requests(made.accountKey), this.#grants(made.accountKey)]
    const scope = fieldOf(made)
    const target = await this.#link.call(this.#pointer(code), 'GET', this.#pointer(code))
    const field = target === null ? scope : jsonOf<Pointer>(target, POINTER).scope
    const before = await this.#link.call(keys[1], 'HGET', keys[1], scope)
    const grant = withEarlier(made, before === null ? undefined : grantOf(before))
    const nowMs = this.#now()
    const lifetimeMs = Math.max(1, flatOf(grant).expiresAtMs - nowMs)
    const written = writtenGrant(grant)
    const outcome = await this.#link.run(
      CONFIRM,
      keys,
      scope,
      field,
      code,
      String(before ?? ''),
      written,
      nowMs,
      lifetimeMs,
    )
    return outcome === 2 ? this.confirm(code, made) : outcome === 1
  }

  async refuseRequest({ code, accountKey }: GrantRequest): Promise<boolean> {
    const pointer = this.#pointer(code)
    const target = await this.#link.call(pointer, 'GET', pointer)
    if (target === null) return false
    const { scope } = jsonOf<Pointer>(target, POINTER)
    const isTaken = (await this.#link.run(REFUSE, [this.#requests(accountKey)], scope, code)) === 1
    if (isTaken) await this.#link.call(pointer, 'DEL', pointer)
    return isTaken
  }

  async revokeGrant(accountKey: AccountKey, id: string): Promise<boolean> {
    return (await this.#link.run(REVOKE, [this.#grants(accountKey)], id)) === 1
  }

  async revokeGrantsOf(accountKey: AccountKey): Promise<void> {
    const grants = this.#grants(accountKey)
    await this.#link.call(grants, 'DEL', grants)
  }

  /** Nothing: what has expired goes with the next grant of its account, or by the time to live of them all. */
  sweepGrants(): void {}

  #grants(accountKey: AccountKey): string {
    return this.#names.key('grants', hashTag(accountKey))
  }

  #requests(accountKey: AccountKey): string {
    return this.#names.key('grant-requests', hashTag(accountKey))
  }

  #pointer(code: string): string {
    return this.#names.key('grant-code', hashTag(code))
  }
}

const fieldOf = ({ clientClass, network }: GrantScope) => `${clientClass} ${network}`

const ownFieldOf = (request: GrantRequest) =>
  `${fieldOf(request)} ${request.cover === undefined ? '' : coverText(request.cover)}`

/** As they are stored: the key is named `account` there. */
type Written<T extends GrantScope, More> = Omit<T, 'accountKey' | keyof More> &
  More & { readonly v: number; readonly account: string }
type WrittenGrant = Written<Grant, FlatGrant & { readonly confirmations?: readonly WrittenConfirmation[] }>
type WrittenRequest = Written<GrantRequest, { readonly cover?: string }>

function writtenGrant(grant: Grant): string {
  const { accountKey, confirmations: _, ...rest } = grant
  const confirmations = writtenConfirmations(grant)
  return JSON.stringify({ v: 1, account: accountKey, ...rest, ...flatOf(grant), confirmations } satisfies WrittenGrant)
}

function writtenRequest({ accountKey, cover, ...rest }: GrantRequest): string {
  const more = cover === undefined ? {} : { cover: coverText(cover) }
  return JSON.stringify({ v: 1, account: accountKey, ...rest, ...more } satisfies WrittenRequest)
}

const SCOPE = { v: isNumber, account: isText, network: isText, clientClass: isText }
const ASKER = { clientAddress: isText, userAgent: isText, expiresAtMs: isNumber }
const POINTER: Shape<Pointer> = { v: isNumber, account: isText, scope: isText }
const GRANT: Shape<WrittenGrant> = {
  ...{ ...SCOPE, ...ASKER, id: isText, grantedAtMs: isNumber, authTime: isNumber, acr: orAbsent(isText) },
  confirmations: orAbsent(areConfirmations),
}
const REQUEST: Shape<WrittenRequest> = {
  cover: orAbsent(isText),
  ...{ ...SCOPE, ...ASKER, code: isText, createdAtMs: isNumber, maxAgeSeconds: isNumber, acceptAcr: orAbsent(isTexts) },
}

function grantOf(reply: unknown): Grant {
  const { account, clientClass, network, id, clientAddress, userAgent, ...written } = jsonOf<WrittenGrant>(reply, GRANT)
  const accountKey = storedAccountKey(account)
  const confirmations = readConfirmations(written.confirmations, written)
  return { accountKey, clientClass, network, id, clientAddress, userAgent, confirmations }
}

/** JSON has no undefined: such members are absent. */
function requestOf(reply: unknown): GrantRequest {
  const { v: _, account, cover, ...request } = jsonOf<WrittenRequest>(reply, REQUEST)
  const accountKey = storedAccountKey(account)
  return { ...request, accountKey, acceptAcr: request.acceptAcr, cover: parseCover(cover ?? '') }
}
