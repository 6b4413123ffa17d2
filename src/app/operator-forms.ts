/** One-time tokens for the forms of the operator's page: the supervisor has no store, and one process asks. */
import { randomBytes } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import type { Clock } from '../clock.ts'
import { FormTokens } from '../session/form-tokens.ts'
import { Sealer } from '../session/sealer.ts'

/** Of forms that were sent, each by somebody with the credential, within the lifetime of a token. */
const MAX_TAKEN = 10_000

/** Issued by another process, or before a restart, they do not count. */
export function operatorForms(now: Clock): FormTokens {
  const taken = new BoundedMap<string, true>(MAX_TAKEN)
  const claims = {
    claimOnce(id: string): boolean {
      if (taken.get(id) !== undefined) return false
      taken.set(id, true)
      return true
    },
  }
  return new FormTokens(new Sealer([randomBytes(32)]), claims, now)
}
