import type { Bulkhead } from './bulkhead.ts'
import type { CanonicalPrincipal } from './canonical-principal.ts'
import { type Initiated, initiateAgain, initiateContext } from './contexts.ts'
import type { Handle } from './handle.ts'
import type { PrincipalTickets } from './impersonation-cache.ts'
import type { KdcGate } from './kdc-gate.ts'
import { KerberosError } from './kerberos-error.ts'
import type { Gssapi } from './library.ts'
import { wrapInSpnego } from './protocol/negotiate-token.ts'
import { validity } from './renewing.ts'

export type PrincipalTicketsOptions = {
  readonly gssapi: Gssapi
  readonly gate: KdcGate
  readonly lane: Bulkhead
  readonly now: () => number
  /** Whose tickets these must be. */
  readonly principal: CanonicalPrincipal
  /** The impersonated credential; owned from here on. */
  readonly credential: Handle
  /** True where GSSAPI's spelling of a name means `principal`. */
  readonly isPrincipal: (displayed: string) => boolean
  /** GSSAPI acted under another name. */
  readonly onMismatch: () => void
  /** A target as GSSAPI wants it; the caller's. */
  readonly targetName: (target: string) => Handle
}

/**
 * One principal's credential, which is its ticket cache, too. Tells which calls ask the KDC: the first for a target
 * does (S4U2proxy) and goes through the gate, alone; once its ticket is in the cache the others take the local lane.
 * The first one shows, too, whom GSSAPI acts as: with the same credential, mechanism and target it cannot be anybody
 * else later. libkrb5 locks the credential for the whole of a call, so those others would only have held threads while
 * they waited for the first.
 */
export function createPrincipalTickets(options: PrincipalTicketsOptions): PrincipalTickets {
  const { gssapi, gate, lane, now, credential, isPrincipal, onMismatch, targetName } = options
  const usableUntilMs = new Map<string, number>()
  const firsts = new Map<string, Promise<Buffer>>()

  const wrapped = (target: string, { token, lifetimeSeconds }: Initiated): Buffer => {
    usableUntilMs.set(target, validity(lifetimeSeconds, now(), 0).expiresAtMs)
    return wrapInSpnego(token)
  }
  const initiateFirst = async (target: string): Promise<Buffer> => {
    const initiated = await initiateContext(gssapi, credential, target)
    if (!isPrincipal(initiated.principal)) {
      onMismatch()
      credential[Symbol.dispose]()
      throw new KerberosError('identity-mismatch', 'initiate')
    }
    return wrapped(target, initiated)
  }
  const initiate = async (target: string): Promise<Buffer> =>
    wrapped(target, await initiateAgain(gssapi, credential, targetName(target)))
  const isCached = (target: string): boolean => now() < (usableUntilMs.get(target) ?? 0)
  const first = (target: string): Promise<Buffer> => {
    const running = gate.run(() => initiateFirst(target)).finally(() => firsts.delete(target))
    firsts.set(target, running)
    return running
  }

  return {
    async token(target) {
      if (credential.disposed) throw new KerberosError('credentials-expired', 'initiate')
      // A purge meanwhile is for requests to come; this one ends with the credential it began with.
      using _lease = credential.lease()
      if (!isCached(target)) {
        const running = firsts.get(target)
        if (running === undefined) return await first(target)
        // A token may be presented once only, so the first caller's is not ours.
        await running
      }
      return await lane.run(() => initiate(target))
    },
    [Symbol.dispose]: () => credential[Symbol.dispose](),
  }
}
