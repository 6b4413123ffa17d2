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
import type { BlockedPat } from '../store/changes.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import { hashTag, plainTag, type RedisNames } from '../store/redis-names.ts'
import { fieldsOf, numberOf, textOf, textsOf } from '../store/redis-reply.ts'
import { blockedUnseen, MAX_NETWORKS, type PatRecord, type PatStore } from './pat-store.ts'
import { RedisPatIndex } from './redis-pat-index.ts'
import { BLOCK, FORGET, SEE } from './redis-pat-scripts.ts'

/** Tokens written, or forgotten, at a time. */
const BATCH = 500
/** Stands for an unknown account. */
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

  async decidedAtMs(fingerprint: string): Promise<number> {
    const pat = this.#pat(fingerprint)
    const atMs = await this.#link.call(pat, 'HGET', pat, 'decided')
    return atMs === null ? 0 : numberOf(textOf(atMs))
  }

  blockPat(accountKey: AccountKey, fingerprint: string, isBlocked: boolean, decidedAtMs: number): Promise<boolean> {
    return this.#decide({ accountKey, fingerprint, decidedAtMs }, isBlocked)
  }

  async blockPatLate(block: BlockedPat): Promise<void> {
    const known = await this.readPat(block.fingerprint)
    if (known?.accountKey === undefined) await this.#see(blockedUnseen(block))
    await this.#decide(block, true, true)
  }

  /** A crash half-way leaves both, and the block under the old one: moved again when it is seen the next time. */
  async movePat(from: string, to: string): Promise<void> {
    const moved = await this.readPat(from)
    if (moved === undefined) return
    const decidedAtMs = await this.decidedAtMs(from)
    await this.#see({ ...moved, fingerprint: to }, { isUse: false, decidedAtMs })
    // Only a token whose account is known can have been blocked.
    if (moved.isBlocked && moved.accountKey !== undefined) await this.blockPat(moved.accountKey, to, true, decidedAtMs)
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

  async #decide(
    { accountKey, fingerprint, decidedAtMs }: BlockedPat,
    isBlocked: boolean,
    isLate = false,
  ): Promise<boolean> {
    const values = [accountKey, Number(isBlocked), decidedAtMs, Number(isLate)]
    const last = await this.#link.run(BLOCK, [this.#pat(fingerprint)], ...values)
    if (last === null) return false
    await this.#all.place(fingerprint, Number(last), isBlocked)
    return true
  }

  /** `decidedAtMs`: of a token that moves, 0 otherwise. */
  async #see(seen: PatRecord, { isUse = true, decidedAtMs = 0 } = {}): Promise<void> {
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
      ...(decidedAtMs === 0 ? [] : ['decided', decidedAtMs]),
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
