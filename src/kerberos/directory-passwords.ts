import type { Awaitable } from '../awaitable.ts'
import type { Attempt, AttemptLimits } from '../limits/attempt-limits.ts'
import type { CanonicalPrincipal } from './canonical-principal.ts'
import { KerberosError } from './kerberos-error.ts'
import type { AttemptOutcome, PasswordVerifier } from './password.ts'
import { isVerdict, type PasswordVerdicts } from './password-verdicts.ts'
import { spelledAlike } from './spelled-alike.ts'

export type DirectoryPasswordsOptions = {
  readonly verifier: PasswordVerifier
  readonly verdicts: PasswordVerdicts
  readonly limits: AttemptLimits
}

export type DirectoryPasswords = {
  /**
   * Resolves if account and password belong together. Throws a `KerberosError`; `password-limited` says when to try
   * again. Throws the fault of the store if the limits cannot be asked. `address` is the client's, canonical.
   */
  check(principal: CanonicalPrincipal, password: string, address: string): Promise<void>
  /**
   * Runs `ask`, which resolves a name, as an attempt that the limits know: a client that may try no more passwords
   * cannot make Torhaus ask for names either. Throws what `ask` throws, and `password-limited`.
   */
  whileAsking<T>(name: string, address: string, ask: () => Promise<T>): Promise<T>
  /** Forgets what is known of the account's passwords. */
  forget(principal: CanonicalPrincipal): void
}

/**
 * Checks a password, in this order: a remembered verdict, the limits, the directory. Concurrent checks of the same pair
 * share one request to the directory, because a git client opens several connections at once.
 */
export function createDirectoryPasswords(options: DirectoryPasswordsOptions): DirectoryPasswords {
  const { verifier, verdicts, limits } = options
  const running = new Map<string, Map<string, Promise<void>>>()

  const begin = async (account: string, address: string): Promise<Attempt> => {
    const attempt = await limits.begin(account, address)
    if (!('retryAfterMs' in attempt)) return attempt
    throw new KerberosError('password-limited', 'password', { retryAfterMs: attempt.retryAfterMs })
  }
  const ask = async (principal: CanonicalPrincipal, password: string, address: string): Promise<void> => {
    const attempt = await begin(spelledAlike(principal), address)
    // By the verifier's report, not by what the caller sees: the directory may judge after the caller was told of a
    // timeout.
    let settled: Awaitable<void> | undefined
    try {
      await verifier.verify(principal, password, (outcome, kdcs = 1) => {
        settled = settle(attempt, outcome, kdcs)
        if (outcome !== 'undecided' && outcome !== 'unheard') verdicts.remember(principal, password, outcome)
      })
    } finally {
      await settled
    }
  }
  const shared = (principal: CanonicalPrincipal, password: string, address: string): Promise<void> => {
    const byPassword = running.get(principal) ?? new Map<string, Promise<void>>()
    const known = byPassword.get(password)
    if (known !== undefined) return known
    const question = ask(principal, password, address).finally(() => {
      byPassword.delete(password)
      if (byPassword.size === 0) running.delete(principal)
    })
    byPassword.set(password, question)
    running.set(principal, byPassword)
    return question
  }

  return {
    async check(principal, password, address) {
      const verdict = verdicts.recall(principal, password)
      if (verdict === 'right') return
      if (verdict !== undefined) throw new KerberosError(verdict, 'password', { text: 'remembered' })
      await shared(principal, password, address)
    },
    async whileAsking(name, address, ask) {
      const attempt = await begin(name, address)
      try {
        const found = await ask()
        await attempt.undecided()
        return found
      } catch (error) {
        await (error instanceof KerberosError && isNobodys(error) ? attempt.refused() : attempt.undecided())
        throw error
      }
    },
    forget: verdicts.forget,
  }
}

/**
 * The directory judged the name: no account has it, the account may not sign in, or it has another name or is in a
 * realm that is not configured.
 */
const isNobodys = ({ code }: KerberosError): boolean =>
  isVerdict(code) || code === 'identity-mismatch' || code === 'foreign-realm'

function settle(attempt: Attempt, outcome: AttemptOutcome, kdcs: number): Awaitable<void> {
  if (outcome === 'right') return attempt.succeeded()
  // The directory may have counted a failure that no KDC reported: our count must not be lower.
  if (outcome === 'password-wrong' || outcome === 'unheard') return attempt.failed(Math.max(1, kdcs))
  return outcome === 'undecided' ? attempt.undecided() : attempt.refused()
}
