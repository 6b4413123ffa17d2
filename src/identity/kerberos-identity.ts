/**
 * The original Windows account at the upstream: constrained delegation (MS-SFU). Each account has connections of its
 * own, since servers may bind authentication to the connection (RFC 4559 6); tokens are sent without waiting for a
 * challenge, so that a streamed request never has to be repeated.
 */

import { deny, type Refusal } from '../decision.ts'
import { Fault } from '../errors.ts'
import type { Delegation } from '../exchange.ts'
import { type WrittenFields, writtenFields } from '../http/written-fields.ts'
import type { CanonicalPrincipal } from '../kerberos/canonical-principal.ts'
import type { Directory } from '../kerberos/directory.ts'
import { delegationCode } from '../kerberos/kerberos-code.ts'
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

export function kerberosIdentity(directory: Directory, settings: KerberosIdentitySettings): IdentityOut {
  const { targetPrincipal, authenticatesConnections } = settings
  const fieldsFor = async (principal: CanonicalPrincipal): Promise<WrittenFields> => {
    const token = await directory.initiate(principal, targetPrincipal)
    return writtenFields(['Authorization', `Negotiate ${token.toString('base64')}`])
  }
  const delegation = (principal: CanonicalPrincipal, fields: WrittenFields): Delegation => ({
    connectionKey: `principal ${principal}`,
    keepsAuthorization: false,
    keepsCompanions: true,
    fields,
    authenticateConnection: authenticatesConnections ? () => fieldsFor(principal).catch(refuse) : undefined,
    vouchesForIdentity: true,
  })
  return {
    fieldNames: [],
    async delegate(account): Promise<Delegation | Refusal> {
      try {
        const resolved = directory.resolve(account)
        const principal = typeof resolved === 'string' ? resolved : await resolved
        return delegation(principal, authenticatesConnections ? NO_FIELDS : await fieldsFor(principal))
      } catch (error) {
        return deny(delegationCode(error))
      }
    },
    forget(account) {
      const principal = principalIn(directory, account)
      if (principal !== undefined) directory.purge(principal)
    },
  }
}

/** By then the policy has decided, and only a fault can end the exchange. */
function refuse(error: unknown): never {
  throw new Fault(delegationCode(error), error)
}

/** Undefined for an account that is no principal here: nothing is kept of it either. */
function principalIn(directory: Directory, account: string): CanonicalPrincipal | undefined {
  try {
    return directory.principalOf(account)
  } catch {
    return undefined
  }
}
