/** What tests of the stores in Redis start from: settings, and links that are closed again. */

import { Changes } from '../../src/store/changes.ts'
import { RedisChanges } from '../../src/store/redis-changes.ts'
import { RedisConnection } from '../../src/store/redis-connection.ts'
import type { RedisSettings } from '../../src/store/redis-driver.ts'
import { RedisNames } from '../../src/store/redis-names.ts'
import { system } from '../../src/system.ts'

export const PREFIX = 'torhaus-test'

export const redisSettings = (urls: readonly string[], change: Partial<RedisSettings> = {}): RedisSettings => ({
  ...{ urls, mode: 'single', tls: {}, keyPrefix: PREFIX },
  ...{ connectTimeoutMs: 5000, commandTimeoutMs: 2000, graceSeconds: 300 },
  ...change,
})

export interface OpenLink {
  readonly link: RedisConnection
  readonly names: RedisNames
  readonly changes: Changes
  /** What the link said, in order. */
  readonly states: { readonly isAvailable: boolean; readonly cause: unknown }[]
  /** Messages that were not understood. */
  readonly malformed: () => number
}

export async function openLink(settings: RedisSettings): Promise<OpenLink> {
  const names = new RedisNames(settings.keyPrefix)
  const states: { isAvailable: boolean; cause: unknown }[] = []
  const link = new RedisConnection(
    settings,
    names,
    {
      command: () => undefined,
      changed: (condition, cause) => states.push({ isAvailable: condition === 'available', cause }),
    },
    system,
  )
  const changes = new Changes()
  let malformed = 0
  await link.open(
    new RedisChanges(
      changes,
      message => link.publish(message),
      () => malformed++,
    ),
  )
  return { link, names, changes, states, malformed: () => malformed }
}
