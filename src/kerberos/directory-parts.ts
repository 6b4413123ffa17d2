import type { X509Certificate } from 'node:crypto'
import type { KerberosPrincipals } from '../../config/kerberos-principals.ts'
import { usualReplayDirectory } from '../../config/replay-directory.ts'
import type { Config } from '../../config/schema.ts'
import type { Surroundings } from '../clock.ts'
import type { AttemptStore } from '../limits/attempt-store.ts'
import { type AcceptedBindings, createAcceptor } from './acceptor.ts'
import type { DirectoryNames } from './canonical-principal.ts'
import { createImpersonation } from './impersonation.ts'
import { createKdcClient } from './kdc/kdc-client.ts'
import { createKdcPool } from './kdc/kdc-pool.ts'
import type { KdcSeen } from './kdc/kdc-state.ts'
import { signInProbe } from './kdc/sign-in.ts'
import type { GatesByRealm } from './kdc-gate.ts'
import { KeytabFile } from './keytab-file.ts'
import { createLearnNaming } from './learn-naming.ts'
import { createOwnAttempts } from './own-attempts.ts'
import { createPasswordVerifier } from './password.ts'
import { tlsServerEndPoint } from './protocol/channel-bindings.ts'
import { CLOCK_SKEW_MS } from './protocol/clock-skew.ts'
import { NAME_TYPE, nameIn } from './protocol/principal-name.ts'
import { realmLocator } from './realm-locator.ts'
import { createReplayCache } from './replay-cache.ts'
import { createServiceCredential } from './service-credential.ts'
import type { NamingRealms } from './ticket-principal.ts'
import type { TicketQuestion } from './ticket-proof.ts'
import { createUpnResolver } from './upns.ts'

/** What the parts are built from. */
export interface DirectoryNeeds extends Pick<Surroundings, 'now' | 'monotonic' | 'environment'> {
  readonly settings: NonNullable<Config['kerberos']>
  readonly names: DirectoryNames
  readonly principals: KerberosPrincipals
  readonly attempts: AttemptStore
  /** What tickets are asked about. */
  readonly question: TicketQuestion
  /** That clients see, where TLS ends here. */
  readonly certificate: X509Certificate | undefined
  /** Each message to a KDC, once it is known what became of it. */
  readonly onKdc: (seen: KdcSeen) => void
}

/**
 * Opens the parts of the directory; they are closed with the stack they are opened on. Throws if the keytab does not
 * fit, with a message for the operator.
 */
export function openDirectoryParts(needs: DirectoryNeeds, gates: GatesByRealm, opened: DisposableStack) {
  const {
    settings,
    names: directory,
    principals: { accept, aliases, service: servicePrincipal },
    question,
    now,
    monotonic,
    environment,
  } = needs
  const { realm, keytabFile, kdcTimeoutMs, maxPrincipals, krb5ConfigFile } = settings
  const account = nameIn(servicePrincipal, NAME_TYPE.principal)
  const poolFor = (ofRealm: string, kdcs: readonly string[]) =>
    createKdcPool({
      locator: realmLocator(ofRealm, kdcs, { krb5ConfigFile, environment }, monotonic),
      timeoutMs: kdcTimeoutMs,
      monotonic,
      onSeen: needs.onKdc,
      probe: signInProbe(account, ofRealm, now),
    })
  const pools = new Map([
    [realm, poolFor(realm, settings.kdcs)],
    ...settings.trustedRealms.map(trusted => [trusted.realm, poolFor(trusted.realm, trusted.kdcs)] as const),
  ])
  const client = createKdcClient({ pools, realm, now })
  const services = [accept, ...aliases]
  const keytab = opened.use(new KeytabFile(keytabFile, monotonic, [...services, servicePrincipal]))
  const replays = opened.use(
    createReplayCache({ directory: replayDirectory(needs), skewMs: CLOCK_SKEW_MS, now, monotonic }),
  )
  const naming: NamingRealms = new Set()
  const accepting = {
    naming,
    keytab,
    services,
    directory,
    replays,
    question,
    skewMs: CLOCK_SKEW_MS,
    now,
  }
  const bindings = bindingsFor(needs)
  const asking = { client, ...gates, keytab, principal: servicePrincipal, now, monotonic }
  const { maxFailuresPerAccount: maxFailures, failureWindowSeconds } = settings.passwords
  const attempts = createOwnAttempts(needs.attempts, {
    principal: servicePrincipal,
    maxFailures,
    windowMs: failureWindowSeconds * 1000,
    now,
  })
  const service = opened.use(createServiceCredential({ ...asking, attempts }))
  const learnNaming = createLearnNaming({ ...asking, service, accept, realm, naming })
  const acceptor = opened.use(createAcceptor({ ...accepting, bindings, learnNaming }))
  const proving = {
    naming,
    client,
    ...gates,
    keytab,
    servicePrincipal: accept,
    directory,
    service,
  }
  const verifier = createPasswordVerifier(proving)
  const recheckMs = settings.recheckSeconds * 1000
  const inNames = { ...asking, service, directory }
  const impersonation = opened.use(createImpersonation({ ...inNames, maxPrincipals, recheckMs }))
  const upns = createUpnResolver({ ...inNames, ttlMs: recheckMs })
  return { acceptor, verifier, impersonation, upns, kdcs: () => [...pools.values()].flatMap(pool => pool.states()) }
}

/** Undefined where TLS ends elsewhere, or no binding is defined for the certificate: nobody can send one then. */
function bindingsFor({ settings, certificate }: DirectoryNeeds): AcceptedBindings | undefined {
  const { channelBindings } = settings
  if (certificate === undefined || channelBindings === 'ignore') return undefined
  const hash = tlsServerEndPoint(certificate)
  return hash && { hash, isRequired: channelBindings === 'require' }
}

const replayDirectory = ({ settings, environment }: DirectoryNeeds): string =>
  settings.replayCacheDirectory ??
  usualReplayDirectory({ environment, platform: process.platform, account: process.getuid?.() })
