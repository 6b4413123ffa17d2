/** The Redis keys whose changes mean that a session may have ended. */
import type { RedisNames } from '../store/redis-names.ts'
import { SESSIONS_ENDED } from './redis-endings.ts'

/** Prefixes of the names of keys that say whether a session is running, and whose it is. */
export const trackedSessionNames = (names: RedisNames): readonly string[] => [
  names.startOf('session'),
  names.startOf(SESSIONS_ENDED),
]

/** The sessions affected by a change of these keys; `endsPeople`: all sessions of somebody have ended. */
export function sessionsConcerned(
  names: RedisNames,
  changed: ReadonlySet<string>,
): { readonly keys: ReadonlySet<string>; readonly endsPeople: boolean } {
  const keys = new Set<string>()
  let endsPeople = false
  for (const name of changed) {
    endsPeople ||= names.tagIn(SESSIONS_ENDED, name) !== undefined
    // The key of a session is the tag in its name.
    const key = names.tagIn('session', name)
    if (key !== undefined) keys.add(key)
  }
  return { keys, endsPeople }
}
