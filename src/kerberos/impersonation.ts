import type { Bulkhead } from './bulkhead.ts'
import { type CanonicalPrincipal, canonicalPrincipal, type DirectoryNames } from './canonical-principal.ts'
import { type Acquired, acquireImpersonated, credentialPrincipal } from './credentials.ts'
import type { Handle } from './handle.ts'
import type { KdcGate } from './kdc-gate.ts'
import { KerberosError, type KerberosErrorCode } from './kerberos-error.ts'
import type { Gssapi } from './library.ts'
import { createLru } from './lru.ts'
import { importForKerberos } from './names.ts'
import { createPrincipalTickets, type PrincipalTickets, type PrincipalTicketsOptions } from './principal-tickets.ts'
import { createRenewing, type Renewing, validity } from './renewing.ts'

// The Windows account out (MS-SFU): a token for the origin server in the user's name, without the user's password or ticket.
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
  /** Principals whose credentials are kept, the least recently used goes first; default 10,000. Each takes about 26 KB. */
  readonly maxPrincipals?: number
  /** How long before its end a credential is renewed; default 300,000. */
  readonly renewMarginMs?: number
  /** How long a refusal by the KDC is remembered, so that a client in a loop does not become a load on it; default 30,000. */
  readonly refusalTtlMs?: number
  readonly now: () => number
}

export type ImpersonationCounters = {
  /** S4U2self calls that succeeded. */
  readonly impersonations: number
  readonly tokens: number
  /** GSSAPI acted under another name; must stay 0. */
  readonly identityMismatches: number
}

export type Impersonation = Disposable & {
  /**
   * One fresh SPNEGO token for `target` (`HTTP@host` or `HTTP/host@REALM`), to be sent in exactly one request. Throws a
   * `KerberosError`; never answers a token of another identity.
   */
  initiate(principal: CanonicalPrincipal, target: string): Promise<Buffer>
  /**
   * Forgets the principal's credential and refusals; a call in flight survives one purge. At sign-out, and when a mapping
   * changes.
   */
  purge(principal: CanonicalPrincipal): void
  /** Principals with a credential. */
  size(): number
  counters(): ImpersonationCounters
}

/** Answers of the KDC that will be the same a moment later. */
const lasting: ReadonlySet<KerberosErrorCode> = new Set([
  'client-unknown',
  'client-disabled',
  'delegation-refused',
  'service-unknown',
  'foreign-realm',
])

type Refusal = { readonly error: KerberosError; readonly untilMs: number }

/** The upstream's, as a rule. */
const maxTargets = 16

/** What is known of one principal; its refusals go with it. */
type Entry = { readonly tickets: Renewing<PrincipalTickets>; readonly refusals: Map<string, Refusal> }

export function createImpersonation(options: ImpersonationOptions): Impersonation {
  const { directory, now, maxPrincipals = 10_000, refusalTtlMs = 30_000 } = options
  const count = { impersonations: 0, tokens: 0, identityMismatches: 0 }
  const release = ({ tickets }: Entry): void => tickets[Symbol.dispose]()
  const entries = createLru<Entry>({ maxEntries: maxPrincipals, onEvict: release })
  const targets = createLru<Handle>({ maxEntries: maxTargets, onEvict: name => name[Symbol.dispose]() })
  const targetName = (target: string): Handle => {
    let name = targets.get(target)
    if (name === undefined) {
      name = importForKerberos(options.gssapi, target)
      targets.set(target, name)
    }
    return name
  }

  const entryOf = (principal: CanonicalPrincipal): Entry => {
    const known = entries.get(principal)
    if (known !== undefined) return known
    const tickets = renewingTickets({ ...options, now, targetName }, principal, count)
    const entry: Entry = { tickets, refusals: new Map() }
    entries.set(principal, entry)
    return entry
  }
  const purge = (principal: CanonicalPrincipal): void => {
    const entry = entries.take(principal)
    if (entry !== undefined) release(entry)
  }
  const attempt = async (principal: CanonicalPrincipal, target: string): Promise<Buffer> => {
    const { tickets, refusals } = entryOf(principal)
    const refusal = refusals.get(target)
    if (refusal !== undefined && now() < refusal.untilMs) throw refusal.error
    try {
      const token = await tokenFrom(tickets, target)
      count.tokens++
      return token
    } catch (error) {
      if (error instanceof KerberosError && lasting.has(error.code)) {
        refusals.set(target, { error, untilMs: now() + refusalTtlMs })
      }
      throw error
    }
  }

  return {
    async initiate(principal, target) {
      const spn = servicePrincipal(target, directory.realm)
      try {
        return await attempt(principal, spn)
      } catch (error) {
        // Released under us (purge, eviction, renewal), or ended sooner than its lifetime said (KDC restarted with new keys).
        if (!isExpired(error)) throw error
        return attempt(principal, spn)
      }
    },
    purge,
    size: () => entries.size,
    counters: () => ({ ...count }),
    [Symbol.dispose]() {
      for (const entry of entries.values()) release(entry)
      for (const name of targets.values()) name[Symbol.dispose]()
    },
  }
}

const isExpired = (error: unknown): boolean => error instanceof KerberosError && error.code === 'credentials-expired'

async function tokenFrom(tickets: Renewing<PrincipalTickets>, target: string): Promise<Buffer> {
  const current = await tickets.current()
  try {
    return await current.token(target)
  } catch (error) {
    if (isExpired(error)) tickets.invalidate(current)
    throw error
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function renewingTickets(
  options: ImpersonationOptions & Pick<PrincipalTicketsOptions, 'now' | 'targetName'>,
  principal: CanonicalPrincipal,
  count: Mutable<ImpersonationCounters>,
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
      // Before the gate: renewing the service credential is a gate call of its own, and one inside the other could wait for itself.
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

/** `HTTP@host`, as RFC 2743 4.1 spells host-based services, to a principal of our realm. */
function servicePrincipal(target: string, realm: string): string {
  if (target.includes('/')) return target.includes('@') ? target : `${target}@${realm}`
  return `${target.replace('@', '/')}@${realm}`
}
