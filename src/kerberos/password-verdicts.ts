import { createHmac, randomBytes } from 'node:crypto'
import type { CanonicalPrincipal } from './canonical-principal.ts'
import type { KerberosErrorCode } from './kerberos-error.ts'
import { createLru } from './lru.ts'

/** What the directory said about one pair of account and password: yes, or why not. */
export type Verdict = 'right' | Refusal

const REFUSALS = [
  'password-wrong',
  'password-expired',
  'password-must-change',
  'client-unknown',
  'client-disabled',
  'client-locked',
  'client-expired',
] as const satisfies readonly KerberosErrorCode[]

type Refusal = (typeof REFUSALS)[number]

const refusals: ReadonlySet<string> = new Set(REFUSALS)

/** True for codes that are the directory's own judgement of account and password. */
export function isVerdict(code: KerberosErrorCode): code is Refusal {
  return refusals.has(code)
}

export type PasswordVerdictsOptions = {
  /**
   * How long `right` is believed, which is also how long a changed password or a disabled account still works; default
   * 300,000.
   */
  readonly rightTtlMs?: number
  /**
   * How long `password-wrong` is remembered: a client that retries a stale password then costs its account one failure;
   * default 300,000.
   */
  readonly wrongTtlMs?: number
  /** How long the other refusals are, which an administrator may lift at any time; default 30,000. */
  readonly refusedTtlMs?: number
  /** Default 20,000. */
  readonly maxEntries?: number
  readonly now: () => number
}

export type PasswordVerdicts = {
  recall(principal: CanonicalPrincipal, password: string): Verdict | undefined
  remember(principal: CanonicalPrincipal, password: string, verdict: Verdict): void
  /** Forgets every verdict of the account: at sign-out and where an administrator asks. */
  forget(principal: CanonicalPrincipal): void
}

type Entry = { readonly verdict: Verdict; readonly untilMs: number; readonly generation: number }

type Account = { readonly generation: number; readonly rightKey: string | undefined }

/**
 * Remembers verdicts, never passwords: the key of an entry is an HMAC-SHA-256 of account and password under a random
 * key that exists in this process alone, so a copy of the table is of no use without its memory, and nothing survives a
 * restart.
 */
export function createPasswordVerdicts(options: PasswordVerdictsOptions): PasswordVerdicts {
  const { rightTtlMs = 300_000, wrongTtlMs = 300_000, refusedTtlMs = 30_000, maxEntries = 20_000, now } = options
  const secret = randomBytes(32)
  const entries = createLru<Entry>({ maxEntries })
  // Entries cannot be found by account, their keys say nothing; so each account has a generation that outdates them. An
  // account has one password: the last that was right outdates the one before, which a change may have been about.
  const accounts = createLru<Account>({ maxEntries })
  let nextGeneration = 1

  // A principal holds no NUL, so account and password cannot run into each other.
  const keyOf = (principal: CanonicalPrincipal, password: string): string =>
    createHmac('sha256', secret).update(`${principal}\0`).update(password).digest('base64')

  return {
    recall(principal, password) {
      const key = keyOf(principal, password)
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      const { generation, rightKey } = accounts.get(principal) ?? {}
      const isOutdated = entry.generation !== generation || (entry.verdict === 'right' && rightKey !== key)
      if (now() < entry.untilMs && !isOutdated) return entry.verdict
      entries.take(key)
      return undefined
    },
    remember(principal, password, verdict) {
      const key = keyOf(principal, password)
      const { generation = nextGeneration++, rightKey } = accounts.get(principal) ?? {}
      accounts.set(principal, { generation, rightKey: verdict === 'right' ? key : rightKey })
      const ttlMs = verdict === 'right' ? rightTtlMs : verdict === 'password-wrong' ? wrongTtlMs : refusedTtlMs
      entries.set(key, { verdict, untilMs: now() + ttlMs, generation })
    },
    forget: principal => void accounts.take(principal),
  }
}
