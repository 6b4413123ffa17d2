/**
 * Personal access tokens in Redis. Each is a hash, of which a use changes only what it knows: a block is another field
 * and cannot be lost. Two indexes lie in other slots, and are written before the record: the tokens of an account, or
 * of nobody as far as is known, and all of them by last use, the blocked ones above, in shards.
 *
 * When a token was used last is noted apart, for many at once: a hash of which every process keeps a copy would be read
 * again by all of them.
 */
import { type AccountKey, storedAccountKey } from '../account-key.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import { hashTag, plainTag, type RedisNames } from '../store/redis-names.ts'
import { fieldsOf, numberOf, textOf, textsOf } from '../store/redis-reply.ts'
import { redisScript } from '../store/redis-script.ts'
import { MAX_NETWORKS, type PatRecord, type PatStore } from './pat-store.ts'
import { RedisPatIndex } from './redis-pat-index.ts'

/**
 * KEYS pat; ARGV first seen, last seen, account or nothing, most networks, 1 for a use (see `mergePats`), then fields of
 * networks and client classes with the times.
 */
const SEE = redisScript(`
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

/** KEYS pat; ARGV account, 1 or 0. Returns when it was last seen, where that changed something. */
const BLOCK = redisScript(`
local known = redis.call('HMGET', KEYS[1], 'account', 'last')
if known[1] ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'blocked') == tonumber(ARGV[2]) then return false end
if ARGV[2] == '1' then redis.call('HSET', KEYS[1], 'blocked', '1') else redis.call('HDEL', KEYS[1], 'blocked') end
return known[2]`)

/**
 * KEYS pat; ARGV 1: also when it is blocked; last seen at the latest; 1: only when it is nobody's. Returns the account of
 * what was deleted, or 0, or 1 for blocked, or 2 for somebody's.
 */
const FORGET = redisScript(`
local known = redis.call('HMGET', KEYS[1], 'account', 'last', 'blocked')
if known[1] and ARGV[3] == '1' then return 2 end
if known[3] and ARGV[1] == '0' then return 1 end
if known[2] and tonumber(known[2]) > tonumber(ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
return known[1] or ''`)

/** Tokens written, or forgotten, at a time. */
const BATCH = 500
/** In place of an account: nobody has said whose the token is. */
const NOBODY = ''

export class RedisPatStore implements PatStore {
  readonly #link: RedisConnection
  readonly #names: RedisNames
  readonly #all: RedisPatIndex

  constructor(link: RedisConnection, names: RedisNames) {
    this.#link = link
    this.#names = names
    this.#all = new RedisPatIndex(link, names, fingerprint => this.#pat(fingerprint))
  }

  async readPat(fingerprint: string): Promise<PatRecord | undefined> {
    const name = this.#pat(fingerprint)
    const [reply, notedAtMs] = await Promise.all([
      this.#link.call(name, 'HGETALL', name),
      this.#all.notedAtMs(fingerprint),
    ])
    const fields = fieldsOf(reply)
    if (fields.size === 0) return undefined
    const record = recordOf(fingerprint, fields)
    return { ...record, lastSeenAtMs: Math.max(record.lastSeenAtMs, notedAtMs) }
  }

  async recordUses(uses: Iterable<PatRecord>): Promise<void> {
    const all = [...uses]
    for (let from = 0; from < all.length; from += BATCH)
      await Promise.all(all.slice(from, from + BATCH).map(seen => this.#see(seen)))
  }

  noteUses(lastSeenAtMs: ReadonlyMap<string, number>): Promise<void> {
    return this.#all.note(lastSeenAtMs)
  }

  async patsOf(accountKey: AccountKey): Promise<PatRecord[]> {
    const index = this.#ofAccount(accountKey)
    const fingerprints = textsOf(await this.#link.call(index, 'ZRANGE', index, '0', '-1'))
    const records = await Promise.all(fingerprints.map(fingerprint => this.readPat(textOf(fingerprint))))
    return records
      .filter(record => record !== undefined)
      .filter(record => record.accountKey === accountKey)
      .sort((one, other) => other.lastSeenAtMs - one.lastSeenAtMs)
  }

  async blockPat(accountKey: AccountKey, fingerprint: string, isBlocked: boolean): Promise<boolean> {
    const last = await this.#link.run(BLOCK, [this.#pat(fingerprint)], accountKey, Number(isBlocked))
    if (last === null) return false
    await this.#all.place(fingerprint, Number(last), isBlocked)
    return true
  }

  /** A crash half-way leaves both, and the block under the old one: moved again when it is seen the next time. */
  async movePat(from: string, to: string): Promise<void> {
    const moved = await this.readPat(from)
    if (moved === undefined) return
    await this.#see({ ...moved, fingerprint: to }, false)
    // Only a token whose account is known can have been blocked.
    if (moved.isBlocked && moved.accountKey !== undefined) await this.blockPat(moved.accountKey, to, true)
    // One that was blocked meanwhile stays, as does one seen meanwhile.
    await this.#forget([from], moved.lastSeenAtMs, { alsoBlocked: moved.isBlocked })
  }

  blockedPats(): Promise<string[]> {
    return this.#all.blocked()
  }

  async sweepPats(seenBeforeMs: number, maxRows: number): Promise<void> {
    await this.#all.takeOver()
    while ((await this.#forget(await this.#all.unseenSince(seenBeforeMs, BATCH), seenBeforeMs)) > 0);
    const excess = async () => Math.min((await this.#all.count()) - maxRows, BATCH)
    for (let count = await excess(); count > 0; count = await excess()) {
      if (!(await this.#forgetNobodys(count))) break
    }
    for (;;) {
      const count = await excess()
      if (count <= 0) return
      const oldest = await this.#all.oldest(count)
      const freed =
        (await this.#forget(oldest, Number.MAX_SAFE_INTEGER)) ||
        (await this.#forget(oldest, Number.MAX_SAFE_INTEGER, { alsoBlocked: true }))
      if (freed === 0) return
    }
  }

  /** False: there is none left. */
  async #forgetNobodys(count: number): Promise<boolean> {
    const index = this.#ofAccount(NOBODY)
    const oldest = textsOf(await this.#link.call(index, 'ZRANGE', index, '0', String(count - 1))).map(textOf)
    await this.#forget(oldest, Number.MAX_SAFE_INTEGER, { nobodysOnly: true })
    return oldest.length > 0
  }

  async #see(seen: PatRecord, isUse = true): Promise<void> {
    const { fingerprint, firstSeenAtMs, lastSeenAtMs, networks, clientClasses, accountKey } = seen
    const owned = this.#ofAccount(accountKey ?? NOBODY)
    await Promise.all([
      this.#all.seen(fingerprint, lastSeenAtMs),
      this.#link.call(owned, 'ZADD', owned, 'GT', String(lastSeenAtMs), fingerprint),
    ])
    await this.#link.run(
      SEE,
      [this.#pat(fingerprint)],
      ...[firstSeenAtMs, lastSeenAtMs, accountKey ?? '', MAX_NETWORKS, Number(isUse)],
      ...networks.flatMap(seenIn => [`n:${seenIn.network}`, seenIn.lastSeenAtMs]),
      ...clientClasses.flatMap(clientClass => [`c:${clientClass}`, lastSeenAtMs]),
    )
  }

  /** Those that were not seen after `seenUntilMs`. Returns how many places among all became free. */
  async #forget(
    fingerprints: readonly string[],
    seenUntilMs: number,
    { alsoBlocked = false, nobodysOnly = false } = {},
  ): Promise<number> {
    const nobodys = this.#ofAccount(NOBODY)
    const flags = [Number(alsoBlocked), seenUntilMs, Number(nobodysOnly)]
    const freed = await Promise.all(
      fingerprints.map(async fingerprint => {
        const reply = await this.#link.run(FORGET, [this.#pat(fingerprint)], ...flags)
        if (reply === 0) return 0
        if (reply === 1) {
          // A crash came between the block and its place: it belongs to the blocked ones.
          await this.#all.place(fingerprint, 0, true)
          return 0
        }
        // From before the server named its owner.
        await this.#link.call(nobodys, 'ZREM', nobodys, fingerprint)
        if (reply === 2) return 0
        const index = this.#ofAccount(textOf(reply))
        await this.#link.call(index, 'ZREM', index, fingerprint)
        return this.#all.leave(fingerprint)
      }),
    )
    return freed.reduce<number>((sum, count) => sum + count, 0)
  }

  #pat(fingerprint: string): string {
    return this.#names.key('pat', plainTag(fingerprint))
  }

  #ofAccount(accountKey: string): string {
    return this.#names.key('pats-of', hashTag(accountKey))
  }
}

function recordOf(fingerprint: string, fields: ReadonlyMap<string, string>): PatRecord {
  const named = (start: string) =>
    [...fields]
      .filter(([field]) => field.startsWith(start))
      .map(([field, at]) => [field.slice(start.length), numberOf(at)] as const)
  const accountKey = fields.get('account')
  return {
    fingerprint,
    firstSeenAtMs: numberOf(fields.get('first')),
    lastSeenAtMs: numberOf(fields.get('last')),
    networks: named('n:')
      .map(([network, lastSeenAtMs]) => ({ network, lastSeenAtMs }))
      .sort((one, other) => other.lastSeenAtMs - one.lastSeenAtMs),
    clientClasses: named('c:').map(([name]) => name as ClientClass),
    accountKey: accountKey === undefined ? undefined : storedAccountKey(accountKey),
    isBlocked: fields.has('blocked'),
  }
}
