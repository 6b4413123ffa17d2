import type { PatRecord } from './pat-store.ts'

export interface PatPolicySettings {
  readonly refuseNewNetwork: boolean
  readonly maxUnseenDays?: number
  readonly maxAgeDays?: number
  readonly reportOnly: boolean
}

export type PatCode = 'pat-blocked' | 'pat-new-network' | 'pat-unseen-too-long' | 'pat-too-old'

const DAY_MS = 86_400_000
/** How long after its first use a token may still be used from new networks. */
const LEARNING_MS = DAY_MS

/**
 * What speaks against a use of the token from that network; the first that does. Nothing speaks against one that is not
 * known.
 */
export function judgePat(
  pat: PatRecord | undefined,
  network: string,
  { refuseNewNetwork, maxUnseenDays, maxAgeDays }: PatPolicySettings,
  nowMs: number,
): PatCode | undefined {
  if (pat === undefined) return undefined
  if (pat.isBlocked) return 'pat-blocked'
  const ageMs = nowMs - pat.firstSeenAtMs
  if (maxAgeDays !== undefined && ageMs > maxAgeDays * DAY_MS) return 'pat-too-old'
  if (maxUnseenDays !== undefined && nowMs - pat.lastSeenAtMs > maxUnseenDays * DAY_MS) return 'pat-unseen-too-long'
  const isKnownNetwork = pat.networks.some(seen => seen.network === network)
  return refuseNewNetwork && !isKnownNetwork && ageMs > LEARNING_MS ? 'pat-new-network' : undefined
}
