/**
 * 100,000 sessions in each store: what one takes, and what finding one costs. `node loadtest/bench/session-stores.ts
 * [COUNT]` (Debian package redis-server). Redis runs beside, on loopback: its own processor time is not in the figures.
 */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { startRedis } from '../../devkit/redis/redis-process.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { SessionDatabase } from '../../devkit/torhaus/session-database.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { RedisSessionStore } from '../../src/session/redis-session-store.ts'
import type { SessionRecord, SessionStore } from '../../src/session/session-store.ts'
import { system } from '../../src/system.ts'

const LOOKUPS = 20_000
const BATCH = 500
/** Sealed: an ID token of 1.1 KB and a refresh token of 0.4 KB, in base64url. */
const SEALED_BYTES = 2048
const TIMES = { idleTimeoutSeconds: 7200, absoluteTimeoutSeconds: 43_200 }

const count = Number(process.argv[2] ?? 100_000)
const keyOf = (index: number) => String(index).padStart(43, 'k')

function sessionOf(index: number): SessionRecord {
  const now = Date.now()
  return {
    key: keyOf(index),
    subject: `f3c1a1de-0000-4000-8000-${String(index).padStart(12, '0')}`,
    opSessionId: `0a7e5d52-1111-4111-8111-${String(index).padStart(12, '0')}`,
    account: `CORP\\user${index % 20_000}`,
    accountKey: storedAccountKey(`CORP\\user${index % 20_000}`),
    evidence: { acr: 'mfa', acrs: [], amr: ['pwd', 'otp', 'mfa'], authTime: Math.floor(now / 1000) },
    ...{ createdAtMs: now, lastSeenAtMs: now, refreshedAtMs: now },
    binding: undefined,
    sealedTokens: randomBytes((SEALED_BYTES * 3) / 4).toString('base64url'),
  }
}

async function fill(store: SessionStore): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const indexes = Array.from({ length: Math.min(BATCH, count - from) }, (_, offset) => from + offset)
    await Promise.all(indexes.map(async index => store.createSession(sessionOf(index))))
  }
}

/** `concurrency` at a time. */
async function lookUp(store: SessionStore, concurrency: number) {
  const tookUs: number[] = []
  const before = process.cpuUsage()
  const startedMs = performance.now()
  const worker = async () => {
    for (let done = 0; done < LOOKUPS / concurrency; done++) {
      const key = keyOf(Math.floor(Math.random() * count))
      const beganMs = performance.now()
      const found = store.readSession(key)
      if ((found instanceof Promise ? await found : found) === undefined) throw new Error('a session is missing')
      tookUs.push((performance.now() - beganMs) * 1000)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  const { user, system: kernel } = process.cpuUsage(before)
  tookUs.sort((one, other) => one - other)
  const at = (share: number) => Math.round(tookUs[Math.floor(tookUs.length * share)] ?? 0)
  return {
    medianUs: at(0.5),
    p99Us: at(0.99),
    cpuUs: Math.round((user + kernel) / tookUs.length),
    perSecond: Math.round((tookUs.length / (performance.now() - startedMs)) * 1000),
  }
}

async function measureSqlite() {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-bench-'))
  const file = join(directory, 'sessions.sqlite')
  const store = SessionDatabase.open(file)
  try {
    await fill(store)
    const found = await lookUp(store, 1)
    store.close()
    return [{ store: 'SQLite', bytesPerSession: Math.round((await stat(file)).size / count), concurrency: 1, ...found }]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function measureRedis() {
  await ensureDebianPackages(['redis-server'])
  const redis = await startRedis()
  const { link, names } = await openLink(redisSettings([redis.url]))
  const used = async () => Number(/used_memory:(\d+)/.exec(await redis.cli('INFO', 'memory'))?.[1])
  try {
    const emptyBytes = await used()
    const store = new RedisSessionStore(link, names, TIMES, system)
    await fill(store)
    const bytesPerSession = Math.round(((await used()) - emptyBytes) / count)
    const rows = []
    for (const concurrency of [1, 50])
      rows.push({ store: 'Redis', bytesPerSession, concurrency, ...(await lookUp(store, concurrency)) })
    return rows
  } finally {
    link.close()
    await redis.close()
  }
}

const rows = [...(await measureSqlite()), ...(await measureRedis())]
process.stdout.write(`${count} sessions, ${SEALED_BYTES} bytes of sealed tokens each, ${LOOKUPS} lookups\n`)
console.table(rows)
