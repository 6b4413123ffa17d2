/** Atomic operations on grants. Everything of an account is in one hash slot. */
import { redisScript } from '../store/redis-script.ts'

/** `prune`: takes out of a hash what has expired. `keep`: the hash lives for so long at least. */
const FUNCTIONS = `
local function prune(hash, now)
  local all = redis.call('HGETALL', hash)
  for i = 1, #all, 2 do
    if cjson.decode(all[i + 1]).expiresAtMs <= now then redis.call('HDEL', hash, all[i]) end
  end
end
local function keep(hash, ms)
  if redis.call('PTTL', hash) < ms then redis.call('PEXPIRE', hash, ms) end
end`

/**
 * KEYS requests; ARGV scope, what was read there before or nothing, request, now, time to live in ms, most requests.
 * Writes unless another one was quicker.
 */
export const OPEN = redisScript(`${FUNCTIONS}
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
prune(KEYS[1], tonumber(ARGV[4]))
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
keep(KEYS[1], tonumber(ARGV[5]))
while redis.call('HLEN', KEYS[1]) > tonumber(ARGV[6]) do
  local all, oldest, oldestAt = redis.call('HGETALL', KEYS[1]), nil, math.huge
  for i = 1, #all, 2 do
    local at = cjson.decode(all[i + 1]).createdAtMs
    if all[i] ~= ARGV[1] and at < oldestAt then oldest, oldestAt = all[i], at end
  end
  redis.call('HDEL', KEYS[1], oldest)
end
return 1`)

/**
 * KEYS requests, grants; ARGV scope, field of the request, code, what was read of the grant before or nothing, grant,
 * now, time to live in ms. 2: another one has changed the grant meanwhile.
 */
export const CONFIRM = redisScript(`${FUNCTIONS}
local request = redis.call('HGET', KEYS[1], ARGV[2])
if not request or cjson.decode(request).code ~= ARGV[3] then return 0 end
if (redis.call('HGET', KEYS[2], ARGV[1]) or '') ~= ARGV[4] then return 2 end
redis.call('HDEL', KEYS[1], ARGV[2])
prune(KEYS[2], tonumber(ARGV[6]))
redis.call('HSET', KEYS[2], ARGV[1], ARGV[5])
keep(KEYS[2], tonumber(ARGV[7]))
return 1`)

/** KEYS requests; ARGV field, code. */
export const REFUSE = redisScript(`
local request = redis.call('HGET', KEYS[1], ARGV[1])
if not request or cjson.decode(request).code ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`)

/** KEYS grants; ARGV id. */
export const REVOKE = redisScript(`
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if cjson.decode(all[i + 1]).id == ARGV[1] then return redis.call('HDEL', KEYS[1], all[i]) end
end
return 0`)
