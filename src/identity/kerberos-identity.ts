/**
 * The original Windows account at the upstream: constrained delegation (MS-SFU). Each account has connections of its
 * own, since servers may bind authentication to the connection (RFC 4559 6); tokens are sent without waiting for a
 * challenge, so that a streamed request never has to be repeated.
 */

import { type Awaitable, after } from '../awaitable.ts'
import { remembered } from '../bounded-map.ts'
import { denyBecause, type Refusal } from '../decision.ts'
import { Fault } from '../errors.ts'
import type { Delegation } from '../exchange.ts'
import { type WrittenFields, writtenFields, writtenToken } from '../http/written-fields.ts'
import type { CanonicalPrincipal } from '../kerberos/canonical-principal.ts'
import type { Directory } from '../kerberos/directory.ts'
import { delegationCode, reasonOf } from '../kerberos/kerberos-code.ts'
import { principalOrNone } from '../kerberos/kerberos-error.ts'
import type { IdentityOut } from './identity-out.ts'

export interface KerberosIdentitySettings {
  /** Service principal of the upstream, e.g. `HTTP/devops.corp.example`. */
  readonly targetPrincipal: string
  /**
   * The server keeps authentication on the connection: one token for each connection instead of one for each request.
   */
  readonly authenticatesConnections: boolean
}

const NO_FIELDS = writtenFields([])

/** Same capacity as for principals. A new string for each request would have to be hashed each time. */
const KEPT_KEYS = { capacity: 20_000, maxLength: 1000 }

export function kerberosIdentity(directory: Directory, settings: KerberosIdentitySettings): IdentityOut {
  const { targetPrincipal, authenticatesConnections } = settings
  const fieldsFor = (principal: CanonicalPrincipal): Awaitable<WrittenFields> =>
    after(directory.initiate(principal, targetPrincipal), token => writtenToken('Authorization', 'Negotiate', token))
  // The policy has already decided by then, so only a fault can end the exchange.
  const fieldsOrFault = async (principal: CanonicalPrincipal): Promise<WrittenFields> => {
    try {
      return await fieldsFor(principal)
    } catch (error) {
      throw new Fault(delegationCode(error), error)
    }
  }
  const connectionKeyOf = remembered(principal => `principal ${principal}`, KEPT_KEYS)
  const delegation = (principal: CanonicalPrincipal, fields: WrittenFields): Delegation => ({
    connectionKey: connectionKeyOf(principal),
    sharesConnection: false,
    keepsAuthorization: false,
    keepsCookies: true,
    keepsCompanions: false,
    fields,
    authenticateConnection: authenticatesConnections ? async () => fieldsOrFault(principal) : undefined,
    vouchesForIdentity: true,
  })
  // A connection stays authenticated while it is used, but the account may become invalid earlier.
  const fieldsOrNone = (principal: CanonicalPrincipal): Awaitable<WrittenFields> =>
    authenticatesConnections
      ? after(directory.attest(principal, targetPrincipal), () => NO_FIELDS)
      : fieldsFor(principal)
  const delegate = (account: string): Awaitable<Delegation> =>
    after(directory.resolve(account), principal =>
      after(fieldsOrNone(principal), fields => delegation(principal, fields)),
    )
  return {
    fieldNames: [],
    delegate(account): Awaitable<Delegation | Refusal> {
      try {
        const delegated: Awaitable<Delegation | Refusal> = delegate(account)
        return delegated instanceof Promise ? delegated.catch(refusal) : delegated
      } catch (error) {
        return refusal(error)
      }
    },
    /** Nothing is kept for an account that is not a principal here. */
    forget(account) {
      const principal = principalOrNone(() => directory.principalOf(account))
      if (principal !== undefined) directory.purge(principal)
    },
  }
}

const refusal = (error: unknown): Refusal => denyBecause(delegationCode(error), reasonOf(error))
