import {
  type CanonicalPrincipal,
  canonicalPrincipal,
  type DirectoryNames,
  partsOfPrincipal,
} from './canonical-principal.ts'
import { namesInEvidence } from './evidence-names.ts'
import {
  createImpersonationCache,
  type Impersonation,
  isLasting,
  type MutableCounters,
  type PrincipalTickets,
} from './impersonation-cache.ts'
import type { HeldTicket } from './kdc/held-ticket.ts'
import type { KdcClient } from './kdc/kdc-client.ts'
import { codedFailure } from './kdc-failure.ts'
import { type GatesByRealm, gateTo } from './kdc-gate.ts'
import { KerberosError, principalOrNone } from './kerberos-error.ts'
import type { KeytabFile } from './keytab-file.ts'
import type { LeasedTicket } from './leased-ticket.ts'
import { byOwnTicket, onceMore } from './own-ticket.ts'
import { createPrincipalTickets } from './principal-tickets.ts'
import { NAME_TYPE } from './protocol/principal-name.ts'
import { createRenewing, type Renewing, validity } from './renewing.ts'

export interface ImpersonationOptions extends GatesByRealm {
  readonly client: KdcClient
  readonly keytab: KeytabFile
  /** The account that may delegate, `svc-proxy@CORP.TEST`: its key opens the evidence. */
  readonly principal: string
  readonly service: Renewing<LeasedTicket>
  readonly directory: DirectoryNames
  readonly maxPrincipals?: number
  readonly renewMarginMs?: number
  /** No request goes out without the KDC having been asked for so long whether the account may still be impersonated; default 300,000. */
  readonly recheckMs?: number
  readonly refusalTtlMs?: number
  readonly now: () => number
  readonly monotonic?: () => number
}

/** Of `recheckMs`: who is at work is asked about beside a request, and nobody waits for it. */
const ASKED_EARLY = 0.8

/** Impersonation (MS-SFU): gets tickets on behalf of a person without their password or ticket. */
export function createImpersonation(options: ImpersonationOptions): Impersonation {
  const count = { impersonations: 0, tokens: 0, identityMismatches: 0 }
  return createImpersonationCache({
    ...options,
    realm: options.directory.realm,
    count,
    ticketsOf: principal => renewingTickets(options, principal, count),
  })
}

function renewingTickets(
  options: ImpersonationOptions,
  principal: CanonicalPrincipal,
  count: MutableCounters,
): Renewing<PrincipalTickets> {
  const { client, gate, service, directory, now, renewMarginMs = 300_000, recheckMs = 300_000 } = options
  const { account, realm } = partsOfPrincipal(principal)
  const user = { type: NAME_TYPE.principal, components: [account] }
  const evidenceFor = (own: LeasedTicket): Promise<HeldTicket> =>
    byOwnTicket(service, own, tgt => codedFailure('s4u2self', () => client.s4u2self(tgt, user, realm)))
  const isPrincipal = (name: string): boolean =>
    principalOrNone(() => canonicalPrincipal(name, directory)) === principal
  let last: PrincipalTickets | undefined
  return createRenewing({
    now,
    ...(options.monotonic && { monotonic: options.monotonic }),
    isFinal: isLasting,
    acquire: store =>
      onceMore(async () => {
        // Before the gate: renewing our own ticket is a gate call of its own, and one inside the other could wait for
        // itself.
        const own = await service.current()
        await gateTo(realm, options).run(async () => {
          const evidence = await evidenceFor(own)
          // What is asked with it next needs the ticket alone.
          using _sessionKey = evidence.sessionKey
          count.impersonations++
          const keys = options.keytab.keysOf(options.principal)
          const names = await codedFailure('s4u2self', async () => namesInEvidence(evidence, keys))
          if (!isPrincipal(names.account)) {
            count.identityMismatches++
            throw new KerberosError('identity-mismatch', 's4u2self')
          }
          // Windows refuses them at S4U2proxy; Samba, also of version 4.22, not members of Protected Users.
          if (names.protection !== undefined)
            throw new KerberosError('delegation-refused', 's4u2self', { text: names.protection })
          const tickets: PrincipalTickets = createPrincipalTickets({ client, gate, service, evidence, now })
          const { renewAtMs, expiresAtMs } = validity((evidence.endTimeMs - now()) / 1000, now(), renewMarginMs)
          const servers = last?.targets() ?? []
          last = tickets
          store(tickets, {
            renewAtMs: Math.min(renewAtMs, now() + recheckMs * ASKED_EARLY),
            ...{ provenUntilMs: now() + recheckMs, expiresAtMs },
          })
          // At once, so that a KDC that goes away in between does not leave the account with neither.
          for (const server of servers) tickets.token(server).catch(() => undefined)
        })
      }),
  })
}
