import { coverText } from '../cover.ts'
import type { Confirmation, Grant, GrantScope } from './grant-store.ts'

/** Signs for this Torhaus, and knows what it has signed, with whichever of its keys. */
export interface Signer {
  sign(text: string): string
  hasSigned(text: string, signature: string): boolean
}

/**
 * Order counts: it is part of the format. Not the id of the grant, which what was confirmed before outlives, and of the
 * evidence what is stored.
 */
function boundTextOf({ accountKey, network, clientClass }: GrantScope, confirmation: Unbound): string {
  const { cover, evidence, grantedAtMs, expiresAtMs } = confirmation
  const { acr, acrs, amr, authTime, byPolicy } = evidence
  const what = cover === undefined ? null : coverText(cover)
  const how = [acr ?? null, acrs, amr, authTime ?? null, ...(byPolicy ? ['policy'] : [])]
  return JSON.stringify(['grant', accountKey, network, clientClass, what, how, grantedAtMs, expiresAtMs])
}

type Unbound = Omit<Confirmation, 'binding'>

/** Binds what a person confirmed to this Torhaus, its scope, and until when it counts. */
export const bound = (scope: GrantScope, confirmation: Unbound, signer: Signer): Confirmation => ({
  ...confirmation,
  binding: signer.sign(boundTextOf(scope, confirmation)),
})

/**
 * The grant with what counts of it; undefined where nothing does. What was confirmed at a version that did not bind
 * counts unless `requireBinding`; what was bound elsewhere, or changed, never.
 */
export function ours(grant: Grant, signer: Signer, requireBinding: boolean): Grant | undefined {
  const confirmations = grant.confirmations.filter(confirmation =>
    confirmation.binding === undefined
      ? !requireBinding
      : signer.hasSigned(boundTextOf(grant, confirmation), confirmation.binding),
  )
  if (confirmations.length === grant.confirmations.length) return grant
  return confirmations.length === 0 ? undefined : { ...grant, confirmations }
}
