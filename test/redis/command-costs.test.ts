/** What loadtest/scale counts with: how many commands of Redis an operation of a store is. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type OpenLink, openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { COMMANDS } from '../../loadtest/scale/command-costs.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { RedisGrantStore } from '../../src/grants/redis-grant-store.ts'
import { RedisPatConfirmationStore } from '../../src/pats/redis-pat-confirmation-store.ts'
import { RedisPatStore } from '../../src/pats/redis-pat-store.ts'
import { RedisSessionStore } from '../../src/session/redis-session-store.ts'
import { system } from '../../src/system.ts'
import { sampleSession } from '../session/store-contract.ts'
import { commandsOf } from './followed.ts'

let redis: RedisProcess
let opened: OpenLink
before(async () => {
  redis = await startRedis()
  opened = await openLink(redisSettings([redis.url]))
})
after(async () => {
  await opened?.link.close()
  await redis.close()
})

const TURNS = 4
const ADA = storedAccountKey('ada')

/** Scripts are known to Redis after the first turn; a probe of the link may come in between one. */
async function costOf(run: (turn: number) => unknown): Promise<number> {
  await run(0)
  const costs: number[] = []
  for (let turn = 1; turn < TURNS; turn++) {
    const before = await commandsOf([redis])
    await run(turn)
    costs.push((await commandsOf([redis])) - before)
  }
  return Math.min(...costs)
}

test('operations of the stores cost what is counted with', async () => {
  const { link, names } = opened
  // A clock that stands still reads the marks of what ended once.
  const still = { ...system, monotonic: () => 0 }
  const sessions = new RedisSessionStore(
    link,
    names,
    { idleTimeoutSeconds: 7200, absoluteTimeoutSeconds: 86_400 },
    still,
  )
  const [pats, grants] = [new RedisPatStore(link, names), new RedisGrantStore(link, names, system.now)]
  const confirmations = new RedisPatConfirmationStore(link, names)
  const now = system.now()
  for (let turn = 0; turn < TURNS; turn++)
    await sessions.createSession(
      sampleSession({ key: `k${turn}`, createdAtMs: now, lastSeenAtMs: now, refreshedAtMs: now }),
    )
  const networks = [{ network: '192.0.2.0/24', lastSeenAtMs: now }]
  const seen = {
    firstSeenAtMs: now,
    lastSeenAtMs: now,
    networks,
    clientClasses: ['git'],
    accountKey: ADA,
    isBlocked: false,
  }
  const tokens = Array.from({ length: 500 }, (_, index) => `token-${index}`)
  const use = (fingerprint: string) => ({ ...seen, fingerprint }) as never
  await pats.recordUses(tokens.map(use))
  await sessions.readSession('k0')
  const scope = { accountKey: ADA, network: '192.0.2.0/24', clientClass: 'git' } as const
  const operations: readonly (readonly [keyof typeof COMMANDS, (turn: number) => unknown])[] = [
    ['readSession', turn => sessions.readSession(`k${turn}`)],
    ['touchSession', turn => sessions.touchSession(`k${turn}`, now + 600_000)],
    ['claimRefresh', turn => sessions.claimRefresh(`k${turn}`, now, 10_000)],
    ['saveRefresh', turn => sessions.saveRefresh(`k${turn}`, now + 1, 'sealed')],
    ['readPat', () => pats.readPat('token-1')],
    ['recordUse', () => pats.recordUses([use('token-1')])],
    ['noteUses', () => pats.noteUses(new Map(tokens.map(token => [token, now + 60_000])))],
    ['confirmationsFor', () => confirmations.confirmationsFor('token-1')],
    ['findGrant', () => grants.findGrant(scope)],
  ]
  const counted: Record<string, number> = {}
  for (const [name, run] of operations) counted[name] = await costOf(run)
  const both = await costOf(async () => {
    sessions.expire(false)
    await sessions.readSession('k0')
  })
  counted.readEndings = both - (counted.readSession ?? 0)
  const { ask: _, ...expected } = COMMANDS
  assert.deepEqual(counted, expected)
})
