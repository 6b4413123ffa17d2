import type { Surroundings } from '../clock.ts'
import { RedisGrantStore } from '../grants/redis-grant-store.ts'
import { RedisAttemptStore } from '../limits/redis-attempt-store.ts'
import { RedisPatStore } from '../pats/redis-pat-store.ts'
import { RedisSessionStore, type SessionLifetimes } from '../session/redis-session-store.ts'
import type { Changes } from '../store/changes.ts'
import { RedisChanges } from '../store/redis-changes.ts'
import { RedisClock } from '../store/redis-clock.ts'
import { RedisConnection, type RedisReport } from '../store/redis-connection.ts'
import type { RedisSettings } from '../store/redis-driver.ts'
import { RedisNames } from '../store/redis-names.ts'

/** All stores in one Redis. Resolves also while it is away; rejects where it refuses us. */
export async function openRedisStores(
  settings: RedisSettings,
  lifetimes: SessionLifetimes,
  changes: Changes,
  report: RedisReport & { readonly malformed: () => void; readonly clock: (differenceMs: number) => void },
  surroundings: Surroundings,
) {
  const names = new RedisNames(settings.keyPrefix)
  const link = new RedisConnection(settings, names.channel, report, surroundings)
  await link.open(new RedisChanges(changes, message => link.publish(message), report.malformed))
  const clock = new RedisClock(link, surroundings, report.clock)
  void clock.measure()
  return {
    sessions: new RedisSessionStore(link, names, lifetimes, surroundings.now),
    grants: new RedisGrantStore(link, names, surroundings.now),
    pats: new RedisPatStore(link, names),
    attempts: new RedisAttemptStore(link, names),
    graceSeconds: settings.graceSeconds,
    isAvailable: () => link.isAvailable,
    wasReached: () => link.wasReached,
    clockDifferenceMs: () => clock.differenceMs,
    close() {
      clock.close()
      link.close()
    },
  }
}
