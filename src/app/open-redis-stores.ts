import { setTimeout as sleep } from 'node:timers/promises'
import type { Awaitable } from '../awaitable.ts'
import type { Surroundings } from '../clock.ts'
import { RedisGrantStore } from '../grants/redis-grant-store.ts'
import { RedisAttemptStore } from '../limits/redis-attempt-store.ts'
import { RedisPatConfirmationStore } from '../pats/redis-pat-confirmation-store.ts'
import { RedisPatStore } from '../pats/redis-pat-store.ts'
import { connectionLookup } from '../remembered-lookup.ts'
import { sessionsConcerned, trackedSessionNames } from '../session/redis-session-changes.ts'
import { RedisSessionStore, type SessionLifetimes } from '../session/redis-session-store.ts'
import type { Changes } from '../store/changes.ts'
import { RedisChanges } from '../store/redis-changes.ts'
import { RedisClock } from '../store/redis-clock.ts'
import { RedisConnection } from '../store/redis-connection.ts'
import { type RedisSettings, trackingClient } from '../store/redis-driver.ts'
import { RedisNames } from '../store/redis-names.ts'
import { RedisSetUp } from '../store/redis-set-up.ts'
import { RedisTracking } from '../store/redis-tracking.ts'
import { readOnEveryMs, type StoreReport, type Stores } from './stores.ts'

/**
 * All stores in one Redis, whose connection is put on `opened`. Resolves even if Redis is unavailable; rejects if it
 * refuses Torhaus.
 */
export async function openRedisStores(
  settings: RedisSettings,
  lifetimes: SessionLifetimes & { readonly cacheMs: number },
  changes: Changes,
  report: StoreReport,
  surroundings: Surroundings,
  opened: AsyncDisposableStack,
): Promise<Stores> {
  const names = new RedisNames(settings.keyPrefix)
  const lookup = connectionLookup(surroundings.monotonic)
  const link = opened.use(
    new RedisConnection(
      settings,
      names,
      {
        command: (seconds, isAnswered) => report.command(seconds, isAnswered),
        changed: (condition, cause) => report.changed(condition, cause),
      },
      { ...surroundings, lookup },
    ),
  )
  let published: Awaitable<boolean> = true
  await link.open(
    new RedisChanges(
      changes,
      message => {
        published = link.publish(message)
      },
      () => report.malformed(),
    ),
  )
  changes.heardWhile(() => published)
  const clock = opened.use(new RedisClock(link, surroundings, differenceMs => report.clock(differenceMs)))
  void clock.measure()
  const sessions = new RedisSessionStore(link, names, lifetimes, surroundings)
  changes.subscribe(({ kind }) => {
    if (kind === 'account' || kind === 'missed') sessions.expire(kind === 'missed')
  })
  const everyMs = readOnEveryMs(lifetimes.cacheMs)
  // Whose it was, Redis is asked. An answer that comes late would be too late for somebody: then it may be anybody's.
  const tellEnded = async () => {
    const lately = sessions.endedLately().catch(() => undefined)
    const late = sleep(everyMs / 2, undefined, { ref: false })
    changes.receive({ kind: 'sessions-ended', by: await Promise.race([lately, late]) })
  }
  const tracking = opened.use(
    new RedisTracking(
      link,
      trackingClient(settings, { ...surroundings, lookup }),
      names,
      [...trackedSessionNames(names), ...TRACKED_BESIDE.map(kind => names.startOf(kind))],
      everyMs,
      {
        changed(changed) {
          const concerned = sessionsConcerned(names, changed)
          if (concerned.endsPeople) void tellEnded()
          changes.receiveWritten({
            keys: concerned.keys,
            fingerprints: tagsIn(changed, names, ['pat', 'pat-confirmed']),
            accountTags: tagsIn(changed, names, ['grants']),
          })
        },
        missed: () => changes.receive({ kind: 'missed' }),
      },
      surroundings.monotonic,
    ),
  )
  const setUp = new RedisSetUp(link, names)
  return {
    knownUntilMs: () => tracking.knownUntilMs,
    sessions,
    grants: new RedisGrantStore(link, names, surroundings.now),
    pats: new RedisPatStore(link, names),
    patConfirmations: new RedisPatConfirmationStore(link, names),
    attempts: new RedisAttemptStore(link, names),
    graceSeconds: settings.graceSeconds,
    findings: () => setUp.findings(),
    condition: () => link.condition,
    wasReached: () => link.wasReached,
    clockDifferenceMs: () => clock.differenceMs,
  }
}

/** Kinds of keys whose tags identify a token or an account; fingerprints are used as tags unchanged. */
const TRACKED_BESIDE = ['pat', 'pat-confirmed', 'grants']

const tagsIn = (changed: ReadonlySet<string>, names: RedisNames, kinds: readonly string[]): Set<string> =>
  new Set([...changed].flatMap(name => kinds.map(kind => names.tagIn(kind, name)).filter(tag => tag !== undefined)))
