import type { RedisConnection } from '../store/redis-connection.ts'
import { hashTag, type RedisNames } from '../store/redis-names.ts'
import { textsOf } from '../store/redis-reply.ts'
import { redisScript } from '../store/redis-script.ts'
import {
  type AttemptBudget,
  type AttemptEnd,
  type AttemptStore,
  MAX_AHEAD_MS,
  MAX_PROVEN_NETWORKS,
} from './attempt-store.ts'

/**
 * KEYS failures by time, pending attempts by expiry; ARGV id, now, maximum failures, window, back-off, wait for a
 * pending attempt, lifetime of a pending attempt, maximum time ahead, all times in ms; 1 if failures count until the
 * window has passed without any; maximum pending. Returns how long to wait in ms; 0: the place is taken.
 */
const RESERVE = redisScript(`
local now, most, window, backoff = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local together = ARGV[9] == '1'
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local pending = redis.call('ZCARD', KEYS[2])
if not together then redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
elseif pending == 0 then
  local latest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
  if latest[2] and tonumber(latest[2]) <= now - window then redis.call('DEL', KEYS[1]) end
end
for i, latest in ipairs({ now, now + tonumber(ARGV[7]) }) do
  local ahead = redis.call('ZRANGE', KEYS[i], string.format('(%.0f', latest + tonumber(ARGV[8])), '+inf', 'BYSCORE')
  for _, id in ipairs(ahead) do redis.call('ZADD', KEYS[i], latest, id) end
end
local failures = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
local count = #failures / 2
local wait = 0
if count > 0 then wait = math.max(0, tonumber(failures[#failures]) + backoff * 2 ^ (count - 1) - now) end
if count + pending >= most or pending >= tonumber(ARGV[10]) then
  local place = tonumber(ARGV[6])
  if count >= most then place = math.max(place, tonumber(failures[together and #failures or 2]) + window - now) end
  wait = math.max(wait, place)
end
if wait > 0 then return math.ceil(wait) end
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[7]), ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
return 0`)

/** KEYS as above; ARGV id, now, window, `AttemptEnd`, lifetime of a pending attempt. */
const SETTLE = redisScript(`
redis.call('ZREM', KEYS[2], ARGV[1])
if ARGV[4] == 'cleared' then redis.call('DEL', KEYS[1]) end
local id = ARGV[4] == 'failed' and ARGV[1]
if ARGV[4] == 'prolonged' then id = redis.call('ZRANGE', KEYS[1], -1, -1)[1] end
if id then
  redis.call('ZADD', KEYS[1], ARGV[2], id)
  redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[3]) + tonumber(ARGV[5]))
end
return 1`)

/** KEYS networks by the time until which they are proven; ARGV network, until, now, maximum networks. */
const PROVE = redisScript(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
local room = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[4])
for _, old in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if old ~= ARGV[1] and room > 0 then room = room - redis.call('ZREM', KEYS[1], old) end
end
local left = tonumber(ARGV[2]) - tonumber(ARGV[3])
if redis.call('PTTL', KEYS[1]) < left then redis.call('PEXPIRE', KEYS[1], math.max(1, math.floor(left))) end
return 1`)

/** Failures and pending attempts of one account, or one address, lie in one hash slot. */
export class RedisAttemptStore implements AttemptStore {
  readonly #link: RedisConnection
  readonly #names: RedisNames

  constructor(link: RedisConnection, names: RedisNames) {
    this.#link = link
    this.#names = names
  }

  async reserve(who: string, id: string, budget: AttemptBudget, nowMs: number): Promise<number> {
    const { maxFailures, windowMs, backoffMs, pendingWaitMs, pendingMs, countsUntilQuiet = false } = budget
    const { maxPending = maxFailures } = budget
    const times = [windowMs, backoffMs, pendingWaitMs, pendingMs, MAX_AHEAD_MS]
    const args = [id, nowMs, maxFailures, ...times, countsUntilQuiet ? 1 : 0, maxPending]
    return Number(await this.#link.run(RESERVE, this.#keys(who), ...args))
  }

  async settle(who: string, id: string, end: AttemptEnd, budget: AttemptBudget, nowMs: number): Promise<void> {
    await this.#link.run(SETTLE, this.#keys(who), id, nowMs, budget.windowMs, end, budget.pendingMs)
  }

  async prove(account: string, network: string, untilMs: number, nowMs: number): Promise<void> {
    await this.#link.run(PROVE, [this.#proven(account)], network, untilMs, nowMs, MAX_PROVEN_NETWORKS)
  }

  async isProven(account: string, network: string, nowMs: number): Promise<boolean> {
    const name = this.#proven(account)
    const proven = await this.#link.call(name, 'ZRANGE', name, `(${nowMs}`, '+inf', 'BYSCORE')
    return textsOf(proven).includes(network)
  }

  /** Does nothing: the keys expire by their time to live. */
  sweepAttempts(): void {}

  #proven(account: string): string {
    return this.#names.key('proven', hashTag(account))
  }

  #keys(who: string): [string, string] {
    const tag = hashTag(who)
    return [this.#names.key('failures', tag), this.#names.key('attempts', tag)]
  }
}
