import type { Bulkhead } from './bulkhead.ts'
import { type CanonicalPrincipal, canonicalPrincipal, type DirectoryNames } from './canonical-principal.ts'
import { type Acquired, acquireImpersonated, credentialPrincipal } from './credentials.ts'
import type { Handle } from './handle.ts'
import {
  createImpersonationCache,
  type Impersonation,
  isExpired,
  type MutableCounters,
  type PrincipalTickets,
} from './impersonation-cache.ts'
import type { KdcGate } from './kdc-gate.ts'
import { KerberosError } from './kerberos-error.ts'
import type { Gssapi } from './library.ts'
import { createLru } from './lru.ts'
import { importForKerberos } from './names.ts'
import { createPrincipalTickets, type PrincipalTicketsOptions } from './principal-tickets.ts'
import { createRenewing, type Renewing, validity } from './renewing.ts'

// The Windows account out (MS-SFU): a token for the origin server in the user's name, without the user's password or
// ticket.
//
//   service credential --S4U2self--> principal's credential --S4U2proxy--> ticket for the target, cached --> one token per request
//        (renewing)                    (renewing, LRU)                       (principal-tickets.ts)
//
// Credentials never leave this module, so that none is used after its release or for another principal.

export type ImpersonationOptions = {
  readonly gssapi: Gssapi
  readonly gate: KdcGate
  readonly lane: Bulkhead
  readonly service: Renewing<Handle>
  readonly directory: DirectoryNames
  /**
   * Principals whose credentials are kept, the least recently used goes first; default 10,000. Each takes about 26 KB.
   */
  readonly maxPrincipals?: number
  /** How long before its end a credential is renewed; default 300,000. */
  readonly renewMarginMs?: number
  /**
   * How long a refusal by the KDC is remembered, so that a client in a loop does not become a load on it; default
   * 30,000.
   */
  readonly refusalTtlMs?: number
  readonly now: () => number
}

/** The upstream's, as a rule. */
const maxTargets = 16

export function createImpersonation(options: ImpersonationOptions): Impersonation {
  const { gssapi, directory } = options
  const count = { impersonations: 0, tokens: 0, identityMismatches: 0 }
  const targets = createLru<Handle>({ maxEntries: maxTargets, onEvict: name => name[Symbol.dispose]() })
  const targetName = (target: string): Handle => {
    let name = targets.get(target)
    if (name === undefined) {
      name = importForKerberos(gssapi, target)
      targets.set(target, name)
    }
    return name
  }
  const cache = createImpersonationCache({
    ...options,
    realm: directory.realm,
    count,
    ticketsOf: principal => renewingTickets({ ...options, targetName }, principal, count),
  })
  return {
    ...cache,
    [Symbol.dispose]() {
      cache[Symbol.dispose]()
      for (const name of targets.values()) name[Symbol.dispose]()
    },
  }
}

function renewingTickets(
  options: ImpersonationOptions & Pick<PrincipalTicketsOptions, 'now' | 'targetName'>,
  principal: CanonicalPrincipal,
  count: MutableCounters,
): Renewing<PrincipalTickets> {
  const { gssapi, gate, lane, service, directory, now, targetName, renewMarginMs = 300_000 } = options
  const isPrincipal = (displayed: string): boolean => canonicalPrincipal(displayed, directory) === principal
  const onMismatch = (): void => {
    count.identityMismatches++
  }
  const impersonate = async (impersonator: Handle): Promise<Acquired> => {
    try {
      return await acquireImpersonated(gssapi, impersonator, principal)
    } catch (error) {
      if (isExpired(error)) service.invalidate(impersonator)
      throw error
    }
  }
  return createRenewing({
    now,
    async acquire(store) {
      // Before the gate: renewing the service credential is a gate call of its own, and one inside the other could wait
      // for itself.
      const impersonator = await service.current()
      await gate.run(async () => {
        const { credential, lifetimeSeconds } = await impersonate(impersonator)
        count.impersonations++
        const tickets = createPrincipalTickets({
          gssapi,
          gate,
          lane,
          now,
          principal,
          credential,
          isPrincipal,
          onMismatch,
          targetName,
        })
        if (!isPrincipal(await credentialPrincipal(gssapi, credential))) {
          onMismatch()
          tickets[Symbol.dispose]()
          throw new KerberosError('identity-mismatch', 's4u2self')
        }
        store(tickets, validity(lifetimeSeconds, now(), renewMarginMs))
      })
    },
  })
}
