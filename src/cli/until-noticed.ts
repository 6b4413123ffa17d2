/**
 * What was deleted in a file is told to nobody: each running process believes for a while what it has read, and looks
 * once a second whether the file is still the one it has open. Success is reported once that time is over, or with a
 * word about it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Services } from '../app/open-services.ts'
import { LOOK_MS } from '../store/sqlite-database.ts'

/** For a process that is late. */
const MARGIN_MS = 500
/** A person waits no longer than this. */
const PATIENCE_MS = 15_000

/**
 * Returns what there is to say, for the operator. Rejects where the file was moved or replaced: what was deleted, was
 * in another one.
 */
export async function untilNoticed(
  { stores, changes }: Pick<Services, 'changes' | 'stores'>,
  cacheMs: number,
): Promise<string | undefined> {
  let wasReplaced = false
  changes.subscribe(change => {
    wasReplaced ||= change.kind === 'missed'
  })
  const neededMs = LOOK_MS + cacheMs + MARGIN_MS
  await sleep(Math.min(neededMs, PATIENCE_MS))
  if (wasReplaced || stores.condition() !== 'available')
    throw new Error(
      'the store was moved or replaced in the meantime: run the command again, and make sure that it is the store in use',
    )
  if (neededMs <= PATIENCE_MS) return undefined
  return `running processes may still use what they have read for up to ${cacheMs / 1000} s (session.cacheMs)`
}
