import type { Attempt, AttemptLimits } from './attempt-limits.ts'
import type { CanonicalPrincipal } from './canonical-principal.ts'
import { KerberosError } from './kerberos-error.ts'
import type { AttemptOutcome, PasswordVerifier } from './password.ts'
import type { PasswordVerdicts } from './password-verdicts.ts'

export type DirectoryPasswordsOptions = {
  readonly verifier: PasswordVerifier
  readonly verdicts: PasswordVerdicts
  readonly limits: AttemptLimits
}

export type DirectoryPasswords = {
  /**
   * Resolves where account and password belong together. Throws a `KerberosError`; `password-limited` says when to try again. `address`
   * is the client's, canonical.
   */
  check(principal: CanonicalPrincipal, password: string, address: string): Promise<void>
  /** Forgets what is known of the account's passwords. */
  forget(principal: CanonicalPrincipal): void
}

/**
 * The whole password path, in order: a remembered verdict, the limits, the directory. Concurrent checks of one pair share one question
 * to the directory, as a git client opens several connections at once.
 */
export function createDirectoryPasswords(options: DirectoryPasswordsOptions): DirectoryPasswords {
  const { verifier, verdicts, limits } = options
  const running = new Map<string, Map<string, Promise<void>>>()

  const ask = async (principal: CanonicalPrincipal, password: string, address: string): Promise<void> => {
    const attempt = limits.begin(principal, address)
    if ('retryAfterMs' in attempt) {
      throw new KerberosError('password-limited', 'password', { retryAfterMs: attempt.retryAfterMs })
    }
    // By the verifier's report, not by what the caller sees: the directory may judge after the caller was told of a timeout.
    await verifier.verify(principal, password, outcome => {
      settle(attempt, outcome)
      if (outcome !== 'undecided') verdicts.remember(principal, password, outcome)
    })
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
    forget: verdicts.forget,
  }
}

function settle(attempt: Attempt, outcome: AttemptOutcome): void {
  if (outcome === 'right') attempt.succeeded()
  else if (outcome === 'password-wrong') attempt.failed()
  else if (outcome === 'undecided') attempt.undecided()
  else attempt.refused()
}
