/** Kerberos as the rest of Torhaus sees it: everything in this folder, built from the configuration. */
import type { X509Certificate } from 'node:crypto'
import { kerberosPrincipals } from '../../config/kerberos-principals.ts'
import type { Config } from '../../config/schema.ts'
import { type Awaitable, after } from '../awaitable.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Surroundings } from '../clock.ts'
import { createAttemptLimits } from '../limits/attempt-limits.ts'
import type { AttemptStore } from '../limits/attempt-store.ts'
import type { Accepted } from './acceptor.ts'
import {
  type CanonicalPrincipal,
  canonicalPrincipal,
  type DirectoryNames,
  directoryNames,
  userPrincipalName,
} from './canonical-principal.ts'
import type { CircuitState } from './circuit.ts'
import { type DirectoryNeeds, openDirectoryParts } from './directory-parts.ts'
import { createDirectoryPasswords, type DirectoryPasswords } from './directory-passwords.ts'
import type { ImpersonationCounters } from './impersonation-cache.ts'
import { type KdcFailure, type KdcSeen, nameOfKdc } from './kdc/kdc-state.ts'
import { createKdcGate, type KdcGateCounters } from './kdc-gate.ts'
import { createPasswordVerdicts } from './password-verdicts.ts'
import type { TicketQuestion } from './ticket-proof.ts'

export type KerberosSettings = NonNullable<Config['kerberos']>

/** The condition of one KDC when it was last asked. */
export interface KdcCondition {
  /** `dc1.corp.test:88`. */
  readonly kdc: string
  /** Undefined: it was not asked yet. */
  readonly last: 'answered' | KdcFailure | undefined
}

export interface DirectoryStatistics {
  readonly circuit: CircuitState
  readonly kdcCallsRunning: number
  readonly kdcCallsQueued: number
  readonly kdc: KdcGateCounters
  readonly impersonation: ImpersonationCounters
  readonly principals: number
  /** Of trusted realms, too. */
  readonly kdcs: readonly KdcCondition[]
}

export interface Directory extends Disposable {
  /** Verifies a Negotiate token. `isForwarded`: the client's TLS ended at a proxy that is trusted. */
  accept(token: Buffer, isForwarded: boolean): Promise<Accepted>
  /**
   * Resolves to the principal if the password is right. `address`: the client's, canonical. Throws a `KerberosError`,
   * or the fault of the store.
   */
  checkPassword(username: string, password: string, address: string): Promise<CanonicalPrincipal>
  /** Any spelling of an account to a principal; throws a `KerberosError`, also for a UPN of another suffix. */
  principalOf(account: string): CanonicalPrincipal
  /** The same, and UPNs of `upnSuffixes`, which the KDC resolves; synchronous for all others. */
  resolve(account: string): Awaitable<CanonicalPrincipal>
  /** A fresh token in base64 for one request to the service, in the name of the principal. */
  initiate(principal: CanonicalPrincipal, target: string): Awaitable<string>
  /** Throws as `initiate` where the principal may not be impersonated any more: for who is on a connection already. */
  attest(principal: CanonicalPrincipal, target: string): Awaitable<void>
  /** Forgets the tickets of a principal. */
  purge(principal: CanonicalPrincipal): void
  statistics(): DirectoryStatistics
}

export interface DirectorySurroundings extends Pick<Surroundings, 'now' | 'monotonic' | 'environment'> {
  readonly attempts: AttemptStore
  /** Of which realm's KDCs. */
  readonly onCircuit: (state: CircuitState, realm: string) => void
  readonly onKdc: (seen: KdcSeen) => void
  readonly question: TicketQuestion
  /** That clients see, where TLS ends here. */
  readonly certificate: X509Certificate | undefined
}

/** Opens the directory; throws if the keytab does not fit, with a message for the operator. */
export function openDirectory(
  settings: KerberosSettings,
  publicHost: string,
  { attempts, onCircuit, ...surroundings }: DirectorySurroundings,
): Directory {
  const { now, monotonic } = surroundings
  const { realm, trustedRealms } = settings
  const names = directoryNames(settings)
  const gateFor = (ofRealm: string) =>
    createKdcGate({
      timeoutMs: settings.kdcTimeoutMs,
      failureThreshold: settings.kdcFailureThreshold,
      pauseMs: settings.kdcPauseMs,
      onChange: state => onCircuit(state, ofRealm),
      // A clock that is set back must not keep the circuit open.
      now: monotonic,
    })
  const gate = gateFor(realm)
  const needs: DirectoryNeeds = {
    ...{ ...surroundings, settings, names, attempts },
    principals: kerberosPrincipals(settings, publicHost),
  }
  using opened = new DisposableStack()
  const trustedGates = new Map(trustedRealms.map(trusted => [trusted.realm, gateFor(trusted.realm)]))
  const { acceptor, verifier, impersonation, kdcs, upns } = openDirectoryParts(needs, { gate, trustedGates }, opened)
  const { passwords: limits } = settings
  const passwords = createDirectoryPasswords({
    verifier,
    verdicts: createPasswordVerdicts({
      rightTtlMs: limits.verdictSeconds * 1000,
      wrongTtlMs: limits.verdictSeconds * 1000,
      now: monotonic,
    }),
    limits: createAttemptLimits(attempts, {
      maxAccountFailures: limits.maxFailuresPerAccount,
      reservedAccountFailures: limits.reservedFailuresPerAccount,
      provenMs: limits.provenNetworkSeconds * 1000,
      ipv6PrefixBits: limits.ipv6PrefixBits,
      maxAddressFailures: limits.maxFailuresPerAddress,
      windowMs: limits.failureWindowSeconds * 1000,
      now,
    }),
  })
  const parts = opened.move()
  return createDirectory({ acceptor, passwords, impersonation, upns }, names, {
    statistics: () => ({
      circuit: gate.state(),
      kdcCallsRunning: gate.load().running,
      kdcCallsQueued: gate.load().queued,
      kdc: gate.counters(),
      impersonation: impersonation.counters(),
      principals: impersonation.size(),
      kdcs: kdcs().map(({ address, last }) => ({ kdc: nameOfKdc(address), last })),
    }),
    [Symbol.dispose]: () => parts.dispose(),
  })
}

interface Parts extends Pick<ReturnType<typeof openDirectoryParts>, 'acceptor' | 'impersonation' | 'upns'> {
  readonly passwords: DirectoryPasswords
}

/** Spellings of accounts whose principal is kept: 300 octets each. */
const MAX_PRINCIPALS_KNOWN = 20_000

function createDirectory(
  { acceptor, passwords, impersonation, upns }: Parts,
  names: DirectoryNames,
  rest: Pick<Directory, 'statistics' | typeof Symbol.dispose>,
): Directory {
  const principals = new BoundedMap<string, CanonicalPrincipal>(MAX_PRINCIPALS_KNOWN)
  const principalOf = (account: string): CanonicalPrincipal => {
    let principal = principals.get(account)
    if (principal === undefined) {
      principal = canonicalPrincipal(account, names)
      principals.set(account, principal)
    }
    return principal
  }
  const resolve = (account: string): Awaitable<CanonicalPrincipal> => {
    const upn = userPrincipalName(account, names)
    return upn === undefined ? principalOf(account) : upns.resolve(upn)
  }
  const initiate = (principal: CanonicalPrincipal, target: string): Awaitable<string> =>
    impersonation.initiateAtOnce(principal, target) ?? impersonation.initiate(principal, target)
  return {
    ...rest,
    principalOf,
    resolve,
    accept: (token, isForwarded) => acceptor.accept(token, isForwarded),
    async checkPassword(username, password, address) {
      // Before the password is looked at: an account has one budget of failures, whatever name it is called by.
      const upn = userPrincipalName(username, names)
      const principal = await (upn === undefined
        ? principalOf(username)
        : passwords.whileAsking(upn, address, async () => resolve(upn)))
      await passwords.check(principal, password, address)
      return principal
    },
    initiate,
    attest: (principal, target) =>
      impersonation.isReady(principal, target) ? undefined : after(initiate(principal, target), () => undefined),
    purge(principal) {
      passwords.forget(principal)
      impersonation.purge(principal)
    },
  }
}
