import { isWithin } from '../clock.ts'
import {
  type CanonicalPrincipal,
  canonicalPrincipal,
  type DirectoryNames,
  type UserPrincipalName,
} from './canonical-principal.ts'
import { namesInEvidence } from './evidence-names.ts'
import { isLasting } from './impersonation-cache.ts'
import type { HeldTicket } from './kdc/held-ticket.ts'
import type { KdcClient } from './kdc/kdc-client.ts'
import { codedFailure } from './kdc-failure.ts'
import type { KdcGate } from './kdc-gate.ts'
import { KerberosError } from './kerberos-error.ts'
import type { KeytabFile } from './keytab-file.ts'
import type { LeasedTicket } from './leased-ticket.ts'
import { createLru } from './lru.ts'
import { byOwnTicket, onceMore } from './own-ticket.ts'
import { NAME_TYPE } from './protocol/principal-name.ts'
import type { Renewing } from './renewing.ts'

export interface UpnResolverOptions {
  readonly client: KdcClient
  readonly gate: KdcGate
  readonly keytab: KeytabFile
  /** Our own account, `svc-proxy@CORP.TEST`: its key opens what the KDC answers. */
  readonly principal: string
  readonly service: Renewing<LeasedTicket>
  readonly directory: DirectoryNames
  /** How long an answer is believed; default 300,000. */
  readonly ttlMs?: number
  /** How long a refusal is; default 30,000. */
  readonly refusalTtlMs?: number
  readonly now: () => number
}

export interface UpnResolver {
  /**
   * Resolves a UPN to its account. Throws a `KerberosError`: `client-unknown`, `client-disabled`, or
   * `identity-mismatch` if the directory answers with an account of another UPN.
   */
  resolve(upn: UserPrincipalName): Promise<CanonicalPrincipal>
}

/** Some 200 octets each. */
const MAX_NAMES = 10_000

interface Known {
  readonly answer: CanonicalPrincipal | KerberosError
  readonly sinceMs: number
  readonly forMs: number
}

/**
 * Asks the KDC which account a UPN with another suffix belongs to, by S4U2self with an enterprise name (RFC 6806 5).
 * The ticket is for ourselves, so the answer is in a PAC under our own key. It is accepted only if that PAC names the
 * requested UPN; the part before the @ is never tried as an account name.
 */
export function createUpnResolver(options: UpnResolverOptions): UpnResolver {
  const { client, gate, keytab, service, directory, now, ttlMs = 300_000, refusalTtlMs = 30_000 } = options
  const known = createLru<Known>({ maxEntries: MAX_NAMES })
  const asking = new Map<string, Promise<CanonicalPrincipal>>()

  const accountOf = (tgt: HeldTicket, upn: UserPrincipalName): Promise<CanonicalPrincipal> =>
    codedFailure('s4u2self', async () => {
      const evidence = await client.s4u2self(tgt, { type: NAME_TYPE.enterprise, components: [upn] })
      using _sessionKey = evidence.sessionKey
      const names = namesInEvidence(evidence, keytab.keysOf(options.principal))
      if (names.upn?.toLowerCase() !== upn) throw new KerberosError('identity-mismatch', 's4u2self')
      return canonicalPrincipal(names.account, directory)
    })
  const ask = (upn: UserPrincipalName): Promise<CanonicalPrincipal> =>
    onceMore(async () => {
      const own = await service.current()
      return gate.run(() => byOwnTicket(service, own, tgt => accountOf(tgt, upn)))
    })
  const remember = (upn: string, answer: Known['answer'], forMs: number): void =>
    known.set(upn, { answer, sinceMs: now(), forMs })

  return {
    async resolve(upn) {
      const { answer, sinceMs, forMs = 0 } = known.get(upn) ?? {}
      if (answer !== undefined && isWithin(now(), sinceMs, forMs)) {
        if (answer instanceof KerberosError) throw answer
        return answer
      }
      const running = asking.get(upn)
      if (running !== undefined) return running
      const question = ask(upn)
        .then(
          principal => {
            remember(upn, principal, ttlMs)
            return principal
          },
          (error: unknown) => {
            if (error instanceof KerberosError && isLasting(error)) remember(upn, error, refusalTtlMs)
            throw error
          },
        )
        .finally(() => asking.delete(upn))
      asking.set(upn, question)
      return question
    },
  }
}
