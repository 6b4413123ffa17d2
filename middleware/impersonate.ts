/** Stage 7: how does the account arrive at the server? As an identity of ours, or with the client's own credentials, untouched. */
import { type Decision, proceed, type Stage } from '../src/decision.ts'
import type { Delegated, Delegation, Mapped } from '../src/exchange.ts'
import type { IdentityOut } from '../src/identity/identity-out.ts'

/** The client's own credentials, or none where an exemption let it pass: never together with an identity of ours. */
const PASS_THROUGH: Delegation = { lane: 'pass-through', keepsAuthorization: true, fields: [] }

export function impersonate(identity: IdentityOut): Stage<Mapped, Delegated> {
  return mapped => {
    const { account } = mapped
    if (account === undefined) return withDelegation(mapped, PASS_THROUGH)
    const fields = identity.fieldsFor(account)
    return fields instanceof Promise ? fields.then(settled => delegated(mapped, settled)) : delegated(mapped, fields)
  }
}

function delegated(mapped: Mapped, fields: readonly string[]): Decision<Delegated> {
  return withDelegation(mapped, { lane: 'delegated', keepsAuthorization: false, fields })
}

const withDelegation = (mapped: Mapped, delegation: Delegation): Decision<Delegated> =>
  proceed({ ...mapped, delegation })
