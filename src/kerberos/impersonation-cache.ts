import { remembered } from '../bounded-map.ts'
import { isWithin } from '../clock.ts'
import type { CanonicalPrincipal } from './canonical-principal.ts'
import { KdcRefusal } from './kdc/kdc-refusal.ts'
import { isExpired, KerberosError, type KerberosErrorCode } from './kerberos-error.ts'
import { createLru } from './lru.ts'
import { onceMore } from './own-ticket.ts'
import type { Renewing } from './renewing.ts'

/** One principal's tickets. */
export type PrincipalTickets = Disposable & {
  /** A fresh SPNEGO token for `HTTP/host@REALM`, in base64. */
  token(target: string): Promise<string>
  /** The same where a ticket for it is there and nobody has to be waited for. */
  tokenAtOnce(target: string): string | undefined
  /** Whether a token can be had at once. */
  isReady(target: string): boolean
  /** Of which services there are tickets. */
  targets(): readonly string[]
}

export type ImpersonationCacheOptions = {
  readonly realm: string
  /** The least recently used goes first; default 10,000. */
  readonly maxPrincipals?: number
  /**
   * How long a refusal by the KDC is remembered, so that a client in a loop does not become a load on it; default
   * 30,000.
   */
  readonly refusalTtlMs?: number
  readonly now: () => number
  readonly count: MutableCounters
  /** How tickets of a principal are got. */
  ticketsOf(principal: CanonicalPrincipal): Renewing<PrincipalTickets>
}

export type ImpersonationCounters = {
  /** S4U2self calls that succeeded. */
  readonly impersonations: number
  readonly tokens: number
  /** Tickets for another account than the requested one; must stay 0. */
  readonly identityMismatches: number
}

export type MutableCounters = { -readonly [K in keyof ImpersonationCounters]: ImpersonationCounters[K] }

export type Impersonation = Disposable & {
  /**
   * One fresh SPNEGO token for `target` (`HTTP@host` or `HTTP/host@REALM`) in base64, to be sent in exactly one request.
   * Throws a `KerberosError`; never answers a token of another identity.
   */
  initiate(principal: CanonicalPrincipal, target: string): Promise<string>
  /** The same where nobody has to be asked or waited for; otherwise undefined. */
  initiateAtOnce(principal: CanonicalPrincipal, target: string): string | undefined
  /** Whether `initiate` would be answered without the KDC, which was asked about the principal lately. */
  isReady(principal: CanonicalPrincipal, target: string): boolean
  /**
   * Forgets the principal's credential and refusals; calls in flight get their tokens. At sign-out, and when a
   * mapping changes.
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
  'client-locked',
  'client-expired',
  'delegation-refused',
  'service-unknown',
  'foreign-realm',
  'identity-mismatch',
])

/** True for a refusal that concerns the account or the delegation itself. */
export const isLasting = (error: unknown): boolean => error instanceof KerberosError && lasting.has(error.code)

type Refusal = { readonly error: KerberosError; readonly sinceMs: number; readonly forMs: number }

/** Of tickets that a KDC finds no good twice in a row: it may soon think better of it, as one whose database was away. */
const NO_GOOD_MS = 5_000

/** What is known of one principal; its refusals go with it. */
type Entry = {
  readonly tickets: Renewing<PrincipalTickets>
  readonly refusals: Map<string, Refusal>
  /** Calls that wait for a token of it. */
  waiting: number
  isForgotten: boolean
}

/** There is one for each server. */
const KEPT_TARGETS = { capacity: 100, maxLength: 1000 }

/** Caches tickets by principal: what is kept, what is dropped, and which refusals are remembered. */
export function createImpersonationCache(options: ImpersonationCacheOptions): Impersonation {
  const { realm, now, count, maxPrincipals = 10_000, refusalTtlMs = 30_000 } = options
  const release = ({ tickets }: Entry): void => tickets[Symbol.dispose]()
  const spnOf = remembered(target => servicePrincipal(target, realm), KEPT_TARGETS)
  // Who waits has its token first: where more people come at once than there is room for, each would end the others.
  const releaseInTime = (entry: Entry): void => {
    entry.isForgotten = true
    if (entry.waiting === 0) release(entry)
  }
  const entries = createLru<Entry>({ maxEntries: maxPrincipals, onEvict: releaseInTime })

  const entryOf = (principal: CanonicalPrincipal): Entry => {
    const known = entries.get(principal)
    if (known !== undefined) return known
    const tickets = options.ticketsOf(principal)
    const entry: Entry = { tickets, refusals: new Map(), waiting: 0, isForgotten: false }
    entries.set(principal, entry)
    return entry
  }
  const purge = (principal: CanonicalPrincipal): void => {
    const entry = entries.take(principal)
    if (entry !== undefined) releaseInTime(entry)
  }
  const attempt = async (principal: CanonicalPrincipal, target: string): Promise<string> => {
    const entry = entryOf(principal)
    const { tickets, refusals } = entry
    const refusal = refusals.get(target)
    if (refusal !== undefined && isWithin(now(), refusal.sinceMs, refusal.forMs)) throw refusal.error
    refusals.delete(target)
    entry.waiting++
    try {
      const token = await tokenFrom(tickets, target)
      count.tokens++
      return token
    } catch (error) {
      if (error instanceof KerberosError && isLasting(error)) {
        refusals.set(target, { error, sinceMs: now(), forMs: refusalTtlMs })
      }
      throw error
    } finally {
      entry.waiting--
      if (entry.isForgotten && entry.waiting === 0) release(entry)
    }
  }

  const initiate = async (principal: CanonicalPrincipal, target: string): Promise<string> => {
    try {
      // Released under us (renewal), or ended sooner than its lifetime said (KDC restarted with new keys).
      return await onceMore(() => attempt(principal, target))
    } catch (error) {
      const refusals = entries.get(principal)?.refusals
      if (isSaidOfTicket(error) && refusals?.get(target)?.error !== error)
        refusals?.set(target, { error, sinceMs: now(), forMs: NO_GOOD_MS })
      throw error
    }
  }

  const freshOf = (principal: CanonicalPrincipal): PrincipalTickets | undefined => {
    const entry = entries.get(principal)
    return entry === undefined || entry.refusals.size > 0 ? undefined : entry.tickets.fresh()
  }

  return {
    initiate: (principal, target) => initiate(principal, spnOf(target)),
    initiateAtOnce(principal, target) {
      const token = freshOf(principal)?.tokenAtOnce(spnOf(target))
      if (token !== undefined) count.tokens++
      return token
    },
    isReady: (principal, target) => freshOf(principal)?.isReady(spnOf(target)) === true,
    purge,
    size: () => entries.size,
    counters: () => ({ ...count }),
    [Symbol.dispose]() {
      for (const entry of entries.values()) release(entry)
    },
  }
}

const isSaidOfTicket = (error: unknown): error is KerberosError => isExpired(error) && error.cause instanceof KdcRefusal

async function tokenFrom(tickets: Renewing<PrincipalTickets>, target: string): Promise<string> {
  const current = await tickets.current()
  try {
    return await current.token(target)
  } catch (error) {
    if (isExpired(error)) tickets.invalidate(current)
    throw error
  }
}

/** `HTTP@host`, as RFC 2743 4.1 spells host-based services, to a principal of our realm. */
function servicePrincipal(target: string, realm: string): string {
  if (target.includes('/')) return target.includes('@') ? target : `${target}@${realm}`
  return `${target.replace('@', '/')}@${realm}`
}
