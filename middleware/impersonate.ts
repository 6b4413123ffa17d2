/**
 * Stage 7: how does the account arrive at the server? As an identity of ours, or with the client's own credentials,
 * untouched.
 */
import { after } from '../src/awaitable.ts'
import { type Decision, proceed, type Stage } from '../src/decision.ts'
import type { Delegated, Delegation, Mapped } from '../src/exchange.ts'
import { writtenFields } from '../src/http/written-fields.ts'
import type { IdentityOut } from '../src/identity/identity-out.ts'

/**
 * The client's own credentials, or none where a rule let it pass: on connections where no identity of ours ever was.
 */
const PASS_THROUGH: Delegation = {
  connectionKey: 'pass-through',
  sharesConnection: true,
  keepsAuthorization: true,
  keepsCookies: true,
  keepsCompanions: true,
  fields: writtenFields([]),
  authenticateConnection: undefined,
  vouchesForIdentity: false,
}

/**
 * One request, one identity: beside a token, neither a session of the server goes along, nor anything else that says
 * who it is.
 */
const TOKEN_ALONE: Delegation = { ...PASS_THROUGH, keepsCookies: false, keepsCompanions: false }

/** `keepsBesideTokens`: the operator wants cookies to go along with tokens nevertheless. */
export function impersonate(identity: IdentityOut, keepsBesideTokens: boolean): Stage<Mapped, Delegated> {
  const tokenPass = keepsBesideTokens ? PASS_THROUGH : TOKEN_ALONE
  return mapped => {
    const { account, principal } = mapped
    if (account === undefined)
      return withDelegation(mapped, principal.kind === 'server-checked' ? tokenPass : PASS_THROUGH)
    return after(identity.delegate(account), delegation =>
      'kind' in delegation ? delegation : withDelegation(mapped, delegation),
    )
  }
}

const withDelegation = (mapped: Mapped, delegation: Delegation): Decision<Delegated> =>
  proceed({ ...mapped, delegation })
