/** Sessions written straight into the store of a Torhaus under load, as its sign-ins would have left them. */

import { randomUUID } from 'node:crypto'
import { readKey } from '../../config/secret.ts'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { keyOf, newOpaqueId } from '../../src/session/opaque-id.ts'
import { RedisSessionStore } from '../../src/session/redis-session-store.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { system } from '../../src/system.ts'

export interface SeedOptions {
  readonly storeFile: string
  readonly keyFile: string
  /** Of each session. */
  readonly accounts: readonly string[]
}

const AT_A_TIME = 500
/** About as long as those of the OP. */
const TOKENS = JSON.stringify({ refreshToken: 'r'.repeat(43), idToken: 'i'.repeat(900) })

/** Longer than any load test. */
const DAY_S = 86_400

/** Returns the ids, as they stand in cookies. */
export async function seedRedisSessions(url: string, keyPrefix: string, keyFile: string, accounts: readonly string[]) {
  const { link, names } = await openLink(redisSettings([url], { keyPrefix }))
  try {
    const times = { idleTimeoutSeconds: DAY_S, absoluteTimeoutSeconds: DAY_S }
    const store = new RedisSessionStore(link, names, times, system)
    const sealer = new Sealer([readKey(keyFile)])
    const ids = accounts.map(newOpaqueId)
    for (let from = 0; from < ids.length; from += AT_A_TIME) {
      const some = [...ids.slice(from, from + AT_A_TIME).entries()]
      await Promise.all(
        some.map(([at, id]) => store.createSession(sessionRecord(id, accounts[from + at] ?? '', sealer))),
      )
    }
    return ids
  } finally {
    link.close()
  }
}

/** Returns the ids, as they stand in cookies. */
export async function seedSessions({ storeFile, keyFile, accounts }: SeedOptions): Promise<string[]> {
  const database = new SqliteDatabase(storeFile, SESSION_SCHEMA)
  try {
    const store = new SqliteSessionStore(database)
    const sealer = new Sealer([readKey(keyFile)])
    const ids = accounts.map(newOpaqueId)
    for (const [index, id] of ids.entries()) await store.createSession(sessionRecord(id, accounts[index] ?? '', sealer))
    return ids
  } finally {
    database.close()
  }
}

function sessionRecord(id: string, account: string, sealer: Sealer) {
  const now = Date.now()
  const key = keyOf(id)
  return {
    key,
    subject: randomUUID(),
    opSessionId: undefined,
    ...{ account, accountKey: storedAccountKey(account) },
    evidence: { acr: secondFactorAcr, acrs: [], amr: ['pwd', 'otp'], authTime: Math.floor(now / 1000) },
    createdAtMs: now,
    lastSeenAtMs: now,
    refreshedAtMs: now,
    sealedTokens: sealer.seal(TOKENS, key),
    // As of a version before sessions were bound: the tokens are proof enough.
    binding: undefined,
  }
}
