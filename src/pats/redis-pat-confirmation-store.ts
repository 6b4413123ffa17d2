/**
 * Confirmations of tokens in Redis: those of a token in one hash, by account and network; the tokens and networks of an account in
 * a sorted set. A request lies under its code, and the open ones of an account in a hash, by token and network. An
 * index is written first: a crash in between leaves an entry that leads nowhere.
 */
import { type AccountKey, storedAccountKey } from '../account-key.ts'
import type { ClientClass } from '../http/client-class.ts'
import { isBoolean, isNumber, isText, type Shape } from '../store/record-shape.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import { hashTag, plainTag, type RedisNames } from '../store/redis-names.ts'
import { fieldsOf, jsonOf, textOf, textsOf } from '../store/redis-reply.ts'
import { redisScript } from '../store/redis-script.ts'
import {
  MAX_PAT_CONFIRMATIONS_PER_ACCOUNT,
  MAX_PAT_REQUESTS_PER_ACCOUNT,
  type PatConfirmation,
  type PatConfirmationStore,
  type PatRequest,
  type PatScope,
} from './pat-confirmation-store.ts'

type Link = Pick<RedisConnection, 'call' | 'run'>

/** As they are stored: the key is named `account` there, as everywhere. */
type Written<T extends PatScope> = Omit<T, 'accountKey'> & { readonly v: number; readonly account: string }

const SCOPE = { v: isNumber, account: isText, fingerprint: isText, network: isText, expiresAtMs: isNumber }
const CONFIRMATION: Shape<Written<PatConfirmation>> = { ...SCOPE, isWithdrawn: isBoolean, decidedAtMs: isNumber }
const REQUEST: Shape<Written<PatRequest>> = {
  ...SCOPE,
  ...{ code: isText, clientAddress: isText, clientClass: isText, createdAtMs: isNumber },
}

/** KEYS token; ARGV field, decision, time to live in ms, and when it was decided where a later one is to stay. */
const KEEP = redisScript(`
local known = ARGV[4] ~= '' and redis.call('HGET', KEYS[1], ARGV[1])
if known and cjson.decode(known).decidedAtMs >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`)

/** KEYS token; ARGV field, when what was read there was decided. 0: there is a later one now. */
const DROP_READ = redisScript(`
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known and cjson.decode(known).decidedAtMs ~= tonumber(ARGV[2]) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
return 1`)

export class RedisPatConfirmationStore implements PatConfirmationStore {
  readonly #link: Link
  readonly #names: RedisNames

  constructor(link: Link, names: RedisNames) {
    this.#link = link
    this.#names = names
  }

  async confirmationsFor(fingerprint: string): Promise<PatConfirmation[]> {
    const token = this.#token(fingerprint)
    return Array.from(fieldsOf(await this.#link.call(token, 'HGETALL', token)).values(), confirmationOf)
  }

  async confirmationsOf(accountKey: AccountKey): Promise<PatConfirmation[]> {
    const members = await this.#range(this.#tokensOf(accountKey), '0', '-1')
    const all = await Promise.all(
      members.map(async member => {
        const scope = scopeOf(accountKey, member)
        const token = this.#token(scope.fingerprint)
        const reply = await this.#link.call(token, 'HGET', token, fieldOf(scope))
        return reply === null ? undefined : confirmationOf(reply)
      }),
    )
    return all.filter(found => found !== undefined).sort(newestFirst(({ decidedAtMs }) => decidedAtMs))
  }

  async openRequest(request: PatRequest, nowMs: number): Promise<PatRequest> {
    const { accountKey, code, createdAtMs, expiresAtMs } = request
    const [key, own, member] = [this.#request(code), this.#requestsOf(accountKey), memberOf(request)]
    const asked = await this.#link.call(own, 'HGET', own, member)
    const open = asked === null ? undefined : await this.readRequest(codeIn(textOf(asked)))
    if (open !== undefined && open.expiresAtMs > nowMs) return open
    const lifetimeMs = String(Math.max(1, expiresAtMs - nowMs))
    await this.#link.call(key, 'SET', key, written(request), 'PX', lifetimeMs)
    await this.#link.call(own, 'HSET', own, member, `${createdAtMs} ${code}`)
    await this.#link.call(own, 'PEXPIRE', own, lifetimeMs)
    if (Number(await this.#link.call(own, 'HLEN', own)) > MAX_PAT_REQUESTS_PER_ACCOUNT)
      await this.#makeRoom(own, member)
    return request
  }

  async readRequest(code: string): Promise<PatRequest | undefined> {
    const key = this.#request(code)
    const reply = await this.#link.call(key, 'GET', key)
    return reply === null ? undefined : requestOf(reply)
  }

  async requestsOf(accountKey: AccountKey): Promise<PatRequest[]> {
    const own = this.#requestsOf(accountKey)
    const entries = fieldsOf(await this.#link.call(own, 'HGETALL', own)).values()
    const all = await Promise.all(Array.from(entries, entry => this.readRequest(codeIn(entry))))
    return all.filter(found => found !== undefined).sort(newestFirst(({ createdAtMs }) => createdAtMs))
  }

  async confirm(code: string, confirmation: PatConfirmation): Promise<boolean> {
    const key = this.#request(code)
    if (Number(await this.#link.call(key, 'DEL', key)) === 0) return false
    await this.keepConfirmation(confirmation)
    return true
  }

  /** What is decided meanwhile, at either, is later, and is not lost: what was read goes, and it alone. */
  async moveConfirmations(from: string, to: string): Promise<void> {
    const all = await this.confirmationsFor(from)
    if (all.length === 0) return
    for (const moved of all) {
      await this.keepConfirmation({ ...moved, fingerprint: to }, true)
      const token = this.#token(from)
      const isGone = (await this.#link.run(DROP_READ, [token], fieldOf(moved), moved.decidedAtMs)) === 1
      const index = this.#tokensOf(moved.accountKey)
      if (isGone) await this.#link.call(index, 'ZREM', index, memberOf(moved))
    }
    return this.moveConfirmations(from, to)
  }

  async keepConfirmation(confirmation: PatConfirmation, unlessLater = false): Promise<void> {
    const { accountKey, fingerprint, decidedAtMs, expiresAtMs } = confirmation
    const [token, index, own] = [this.#token(fingerprint), this.#tokensOf(accountKey), memberOf(confirmation)]
    const lifetimeMs = String(Math.max(1, expiresAtMs - decidedAtMs))
    const later = unlessLater ? ['GT'] : []
    await this.#link.call(index, 'ZADD', index, ...later, String(decidedAtMs), own)
    await this.#link.call(index, 'PEXPIRE', index, lifetimeMs)
    const after = unlessLater ? decidedAtMs : ''
    await this.#link.run(KEEP, [token], fieldOf(confirmation), written(confirmation), lifetimeMs, after)
    // Never this one: the clock may have been set back. So it is with requests.
    const last = await this.#range(index, '0', String(-MAX_PAT_CONFIRMATIONS_PER_ACCOUNT))
    for (const member of last.filter(other => other !== own).slice(0, last.length - 1))
      await this.#drop(scopeOf(accountKey, member))
  }

  /** Nothing to do: Redis expires them. */
  sweepConfirmations(): void {}

  async #drop(scope: PatScope): Promise<void> {
    const [token, index] = [this.#token(scope.fingerprint), this.#tokensOf(scope.accountKey)]
    await this.#link.call(token, 'HDEL', token, fieldOf(scope))
    await this.#link.call(index, 'ZREM', index, memberOf(scope))
  }

  async #makeRoom(own: string, newest: string): Promise<void> {
    const all = [...fieldsOf(await this.#link.call(own, 'HGETALL', own))]
    const others = all
      .filter(([member]) => member !== newest)
      .sort(([, one], [, other]) => Number.parseInt(one, 10) - Number.parseInt(other, 10))
    for (const [member, entry] of others.slice(0, Math.max(0, all.length - MAX_PAT_REQUESTS_PER_ACCOUNT))) {
      await this.#link.call(own, 'HDEL', own, member)
      const key = this.#request(codeIn(entry))
      await this.#link.call(key, 'DEL', key)
    }
  }

  async #range(key: string, from: string, to: string): Promise<string[]> {
    return textsOf(await this.#link.call(key, 'ZRANGE', key, from, to)).map(textOf)
  }

  #token(fingerprint: string): string {
    return this.#names.key('pat-confirmed', plainTag(fingerprint))
  }

  #tokensOf(accountKey: AccountKey): string {
    return this.#names.key('pats-confirmed-by', hashTag(accountKey))
  }

  #request(code: string): string {
    return this.#names.key('pat-request', hashTag(code))
  }

  #requestsOf(accountKey: AccountKey): string {
    return this.#names.key('pat-requests-of', hashTag(accountKey))
  }
}

const fieldOf = ({ accountKey, network }: PatScope) => `${hashTag(accountKey)} ${network}`
const memberOf = ({ fingerprint, network }: PatScope) => `${fingerprint} ${network}`

function scopeOf(accountKey: AccountKey, member: string): PatScope {
  const at = member.indexOf(' ')
  return { accountKey, fingerprint: member.slice(0, at), network: member.slice(at + 1) }
}

const codeIn = (entry: string) => entry.slice(entry.indexOf(' ') + 1)

const newestFirst =
  <T>(timeOf: (record: T) => number) =>
  (one: T, other: T) =>
    timeOf(other) - timeOf(one)

const written = ({ accountKey, ...rest }: PatScope) => JSON.stringify({ v: 1, account: accountKey, ...rest })

function confirmationOf(reply: unknown): PatConfirmation {
  const { v: _, account, ...rest } = jsonOf(reply, CONFIRMATION)
  return { ...rest, accountKey: storedAccountKey(account) }
}

function requestOf(reply: unknown): PatRequest {
  const { v: _, account, clientClass, ...rest } = jsonOf(reply, REQUEST)
  return { ...rest, clientClass: clientClass as ClientClass, accountKey: storedAccountKey(account) }
}
