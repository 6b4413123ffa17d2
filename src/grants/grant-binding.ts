import { coverText } from '../cover.ts'
import type { Confirmation, Grant, GrantScope } from './grant-store.ts'

/** Signs grants for this Torhaus, and recognizes its own signatures, made with any of its keys. */
export interface Signer {
  sign(text: string): string
  hasSigned(text: string, signature: string): boolean
}

/**
 * Order counts: it is part of the format. Not the id of the grant, which what was confirmed before outlives, and of the
 * evidence what is stored.
 */
function boundTextOf({ accountKey, network, clientClass }: GrantScope, confirmation: Unbound): string {
  const { cover, evidence, vouchedBy, grantedAtMs, expiresAtMs } = confirmation
  const { acr, acrs, amr, authTime, byPolicy } = evidence
  const what = cover === undefined ? null : coverText(cover)
  const how = [
    acr ?? null,
    acrs,
    amr,
    authTime ?? null,
    ...(byPolicy ? ['policy', ...(vouchedBy === undefined ? [] : [vouchedBy])] : []),
  ]
  return JSON.stringify(['grant', accountKey, network, clientClass, what, how, grantedAtMs, expiresAtMs])
}

export interface Counting {
  /** Whether confirmations without a binding of this Torhaus are invalid. */
  readonly requireBinding: boolean
  /** Whether whoever vouched for the person is still trusted; default: always. */
  readonly isVouchedFor?: (confirmation: Confirmation) => boolean
}

type Unbound = Omit<Confirmation, 'binding'>

/** Binds a confirmation to this Torhaus, its scope, and its expiry. */
export const bound = (scope: GrantScope, confirmation: Unbound, signer: Signer): Confirmation => ({
  ...confirmation,
  binding: signer.sign(boundTextOf(scope, confirmation)),
})

/**
 * The grant with what counts of it; undefined where nothing does. What was confirmed at a version that did not bind
 * counts unless `requireBinding`; what was bound elsewhere, or changed, never, nor what nobody vouches for any more.
 */
export function ours(grant: Grant, signer: Signer, { requireBinding, isVouchedFor }: Counting): Grant | undefined {
  const confirmations = grant.confirmations.filter(confirmation => {
    if (isVouchedFor?.(confirmation) === false) return false
    if (confirmation.binding === undefined) return !requireBinding
    return signer.hasSigned(boundTextOf(grant, confirmation), confirmation.binding)
  })
  if (confirmations.length === grant.confirmations.length) return grant
  return confirmations.length === 0 ? undefined : { ...grant, confirmations }
}
