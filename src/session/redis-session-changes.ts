/** The Redis keys whose changes mean that a session may have ended. */
import type { RedisNames } from '../store/redis-names.ts'
import { SESSIONS_ENDED } from './redis-endings.ts'

/** What the names begin with, of the keys that say whether a session is running, and for whom. */
export const trackedSessionNames = (names: RedisNames): readonly string[] => [
  names.startOf('session'),
  names.startOf(SESSIONS_ENDED),
]

/** Which sessions are concerned by keys of those names that changed; `endsPeople`: everything of somebody has ended. */
export function sessionsConcerned(
  names: RedisNames,
  changed: ReadonlySet<string>,
): { readonly keys: ReadonlySet<string>; readonly endsPeople: boolean } {
  const keys = new Set<string>()
  let endsPeople = false
  for (const name of changed) {
    endsPeople ||= names.tagIn(SESSIONS_ENDED, name) !== undefined
    // The key of a session that is there is its tag.
    const key = names.tagIn('session', name)
    if (key !== undefined) keys.add(key)
  }
  return { keys, endsPeople }
}
