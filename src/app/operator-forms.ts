/** One-time tokens for the forms of the operator's page, kept in memory: only the supervisor uses them. */
import { randomBytes } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import type { Clock } from '../clock.ts'
import { FormTokens } from '../session/form-tokens.ts'
import { Sealer } from '../session/sealer.ts'

/** Most used tokens remembered; only holders of the credential can use any. */
const MAX_TAKEN = 10_000

/** Tokens of another process, or from before a restart, are invalid. */
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
