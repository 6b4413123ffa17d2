/**
 * The form of a change that is sent to another process. That process may run another version, so the form must stay
 * readable both ways. The key of an account is sent as `account`.
 */
import { isRecord } from '../../config/is-record.ts'
import { storedAccountKey } from '../account-key.ts'
import type { Change } from './changes.ts'

export interface ChangeMessage {
  readonly kind: string
  readonly key?: string
  readonly account?: string
  readonly id?: string
  readonly untilMs?: number
  readonly fingerprint?: string
  readonly network?: string
  readonly decidedAtMs?: number
  readonly expiresAtMs?: number
  readonly refreshedAtMs?: number
  readonly insteadOfMs?: number
  readonly sealedTokens?: string
}

export function messageOf(change: Change): ChangeMessage {
  if (!('accountKey' in change)) return change
  const { accountKey, ...rest } = change
  return { ...rest, account: accountKey }
}

/** An unknown message may be a kind of change from a newer version; reading everything again is right in any case. */
export function changeFrom(message: unknown): Change {
  if (!isRecord(message)) return { kind: 'missed' }
  const { kind, key, account, fingerprint } = message
  if ((kind === 'session' || kind === 'session-ended') && typeof key === 'string') return { kind, key }
  if (kind === 'account' && typeof account === 'string') return { kind, account }
  if (kind === 'grants' && typeof account === 'string') return { kind, accountKey: storedAccountKey(account) }
  if (kind === 'refreshed') return refreshedFrom(message)
  if (kind === 'grant-ended' || kind === 'op-logout') return endingFrom(message)
  if (kind === 'pat-blocked' || kind === 'pat-withdrawn') return tokenFrom(message)
  return kind === 'pat' && typeof fingerprint === 'string' ? { kind, fingerprint } : { kind: 'missed' }
}

function endingFrom({ kind, account, id, untilMs }: Record<string, unknown>): Change {
  if (typeof id !== 'string') return { kind: 'missed' }
  if (kind === 'op-logout') return typeof untilMs === 'number' ? { kind, id, untilMs } : { kind: 'missed' }
  if (typeof account !== 'string') return { kind: 'missed' }
  return { kind: 'grant-ended', accountKey: storedAccountKey(account), id }
}

function tokenFrom({ kind, account, fingerprint, ...more }: Record<string, unknown>): Change {
  if (typeof account !== 'string' || typeof fingerprint !== 'string') return { kind: 'missed' }
  const accountKey = storedAccountKey(account)
  const { network, decidedAtMs, expiresAtMs } = more
  // Earlier versions do not send the time, so any later decision takes precedence.
  if (kind === 'pat-blocked')
    return { kind, accountKey, fingerprint, decidedAtMs: typeof decidedAtMs === 'number' ? decidedAtMs : 1 }
  if (typeof network !== 'string' || typeof decidedAtMs !== 'number' || typeof expiresAtMs !== 'number')
    return { kind: 'missed' }
  return { kind: 'pat-withdrawn', accountKey, fingerprint, network, decidedAtMs, expiresAtMs }
}

function refreshedFrom({ key, refreshedAtMs, insteadOfMs, sealedTokens }: Record<string, unknown>): Change {
  if (typeof key !== 'string' || typeof sealedTokens !== 'string') return { kind: 'missed' }
  if (typeof refreshedAtMs !== 'number' || typeof insteadOfMs !== 'number') return { kind: 'missed' }
  return { kind: 'refreshed', key, refreshedAtMs, insteadOfMs, sealedTokens }
}
