/**
 * Atomic operations on a session in Redis. A session is a hash with the fields of docs/redis.md; a script changes only
 * the fields it knows, so that a session written by a newer version keeps its additional fields.
 */
import { redisScript } from '../store/redis-script.ts'

/**
 * KEYS session; ARGV time to live in ms, now in ms by the clock of the process, a time in microseconds that `born`
 * must exceed, then fields and values. `born` is taken from the clock of Redis, like the marks that end all sessions
 * of a person.
 */
export const CREATE = redisScript(`
local time = redis.pcall('TIME')
local born = tonumber(ARGV[2]) * 1000
if not time.err then born = tonumber(time[1]) * 1000000 + tonumber(time[2]) end
born = math.max(born, tonumber(ARGV[3]) + 1)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'born', string.format('%.0f', born), unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`)

/**
 * KEYS session; ARGV last seen, idle timeout and absolute timeout in ms. Sets the time to live to the earlier of the
 * two timeouts. Returns the values of its indexes if `seen` was updated. A later `seen` is kept, unless it is ahead by
 * more than half the idle timeout: then the clock was set back, and a session in use would expire before the clock
 * catches up.
 */
export const TOUCH = redisScript(`
local old = redis.call('HMGET', KEYS[1], 'seen', 'created', 'account-key', 'subject', 'sid')
local ahead = old[1] and tonumber(old[1]) - tonumber(ARGV[1])
if not ahead or (ahead >= 0 and ahead <= tonumber(ARGV[2]) / 2) then return false end
redis.call('HSET', KEYS[1], 'seen', ARGV[1])
local left = math.min(tonumber(ARGV[2]), tonumber(old[2]) + tonumber(ARGV[3]) - tonumber(ARGV[1]))
redis.call('PEXPIRE', KEYS[1], math.max(1, math.floor(left)))
return {old[2], old[3], old[4], old[5]}`)

/**
 * KEYS session; ARGV pairs of a field and its required value. Returns account and index fields of the deleted session.
 */
export const DELETE = redisScript(`
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then return false end
end
local gone = redis.call('HMGET', KEYS[1], 'account', 'account-key', 'subject', 'sid')
if redis.call('DEL', KEYS[1]) == 0 then return false end
return gone`)

/**
 * KEYS session; ARGV now, length of the lease, and how much later than a lease taken now a valid one may end, in ms.
 * Uses the clock of Redis, because processes whose clocks differ would disagree whether a lease has expired. Falls
 * back to the clock of the process if the Redis user may not call TIME, as older versions of docs/redis.md had it.
 */
export const CLAIM_REFRESH = redisScript(`
local time = redis.pcall('TIME')
local now = tonumber(ARGV[1])
if not time.err then now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) end
local til = now + tonumber(ARGV[2])
local held = redis.call('HGET', KEYS[1], 'lease')
local lease = held and tonumber(held)
if not lease or (lease >= now and lease <= til + tonumber(ARGV[3])) then return 0 end
redis.call('HSET', KEYS[1], 'lease', string.format('%.0f', til))
return 1`)

/** KEYS session; ARGV fields and values. Does not recreate a deleted session. */
export const UPDATE = redisScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1`)

/**
 * KEYS session; ARGV required previous value of `refreshed` or empty, its new value, tokens. Does not recreate a
 * deleted session. A late save (first argument not empty) keeps the lease, which another process may hold by now. If
 * it stored the tokens, returns `born`, `created` and the index fields.
 */
export const SAVE_REFRESH = redisScript(`
local old = redis.call('HMGET', KEYS[1], 'refreshed', 'born', 'created', 'account-key', 'subject', 'sid')
if not old[1] or (ARGV[1] ~= '' and tonumber(old[1]) ~= tonumber(ARGV[1])) then return false end
local fields = { 'refreshed', ARGV[2], 'tokens', ARGV[3] }
if ARGV[1] == '' then fields[5], fields[6] = 'lease', '0' end
redis.call('HSET', KEYS[1], unpack(fields))
return { old[2], old[3], old[4], old[5], old[6] }`)

/**
 * KEYS index; ARGV session key, its latest end, now, time to live of the index in ms, most entries or empty. Returns
 * the entries removed to make room; never this one, even if the clock was set back.
 */
export const ADD_TO_INDEX = redisScript(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
if ARGV[5] == '' then return {} end
local room, out = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[5]), {}
if room < 1 then return out end
for _, old in ipairs(redis.call('ZRANGE', KEYS[1], 0, room)) do
  if old ~= ARGV[1] and #out < room then
    redis.call('ZREM', KEYS[1], old)
    out[#out + 1] = old
  end
end
return out`)

/** KEYS list; ARGV member, most members, time to live in ms. Returns the members that made room, oldest first. */
export const PUSH_TO_LIST = redisScript(`
local length = redis.call('RPUSH', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
local out = {}
while length > tonumber(ARGV[2]) do
  out[#out + 1] = redis.call('LPOP', KEYS[1])
  length = length - 1
end
return out`)

/**
 * KEYS claim; ARGV now, end of the claim. Compared with the clock of the process too, so that the claim does not
 * outlast its time.
 */
export const CLAIM = redisScript(`
local til = redis.call('GET', KEYS[1])
if til and tonumber(til) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', math.max(1, math.floor(tonumber(ARGV[2]) - tonumber(ARGV[1]))))
return 1`)

/** KEYS mark; ARGV its end, time to live in ms. Never shortens an existing mark. */
export const MARK = redisScript(`
local til = redis.call('GET', KEYS[1])
if til and tonumber(til) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', math.max(1, math.floor(tonumber(ARGV[2]))))
return 1`)

/** KEYS notes; ARGV id, its end, now, most notes. Only expired notes are removed to make room. */
export const MARK_ONCE = redisScript(`
local til = redis.call('HGET', KEYS[1], ARGV[1])
if til and tonumber(til) > tonumber(ARGV[3]) then return 0 end
if not til and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if tonumber(all[i + 1]) <= tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], all[i]) end
  end
  if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local left = math.max(1, math.floor(tonumber(ARGV[2]) - tonumber(ARGV[3])))
if redis.call('PTTL', KEYS[1]) < left then redis.call('PEXPIRE', KEYS[1], left) end
return 1`)
