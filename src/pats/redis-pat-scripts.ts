/** What changes the hash of a personal access token, each in one step. */
import { redisScript } from '../store/redis-script.ts'

/**
 * KEYS pat; ARGV first seen, last seen, account or nothing, most networks, 1 for a use (see `mergePats`), then fields of
 * networks and client classes, and of a decision, with the times.
 */
export const SEE = redisScript(`
local function later(field, at)
  local known = redis.call('HGET', KEYS[1], field)
  if not known or tonumber(known) < tonumber(at) then redis.call('HSET', KEYS[1], field, at) end
end
local first = redis.call('HGET', KEYS[1], 'first')
if not first or tonumber(first) > tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'first', ARGV[1]) end
later('last', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'account', ARGV[3]) end
local networks, isUsed = {}, {}
for i = 6, #ARGV, 2 do
  later(ARGV[i], ARGV[i + 1])
  isUsed[ARGV[i]] = ARGV[5] == '1'
end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 2) == 'n:' then networks[#networks + 1] = { all[i], tonumber(all[i + 1]) } end
end
table.sort(networks, function(a, b)
  local one, other = isUsed[a[1]] or false, isUsed[b[1]] or false
  if one ~= other then return one end
  return a[2] > b[2]
end)
for i = tonumber(ARGV[4]) + 1, #networks do redis.call('HDEL', KEYS[1], networks[i][1]) end
return 1`)

/**
 * KEYS pat; ARGV account, 1 or 0, when that was decided, 1: unless another decision was made then or later. Returns when
 * it was last seen, where that changed something.
 */
export const BLOCK = redisScript(`
local known = redis.call('HMGET', KEYS[1], 'account', 'last', 'decided')
if known[1] ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'blocked') == tonumber(ARGV[2]) then return false end
if ARGV[4] == '1' and known[3] and tonumber(known[3]) >= tonumber(ARGV[3]) then return false end
if not known[3] or tonumber(known[3]) < tonumber(ARGV[3]) then redis.call('HSET', KEYS[1], 'decided', ARGV[3]) end
if ARGV[2] == '1' then redis.call('HSET', KEYS[1], 'blocked', '1') else redis.call('HDEL', KEYS[1], 'blocked') end
return known[2]`)

/**
 * KEYS pat; ARGV 1: also when it is blocked; last seen at the latest; 1: only when it is nobody's. Returns the account of
 * what was deleted, or 0, or 1 for blocked, or 2 for somebody's.
 */
export const FORGET = redisScript(`
local known = redis.call('HMGET', KEYS[1], 'account', 'last', 'blocked')
if known[1] and ARGV[3] == '1' then return 2 end
if known[3] and ARGV[1] == '0' then return 1 end
if known[2] and tonumber(known[2]) > tonumber(ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
return known[1] or ''`)
