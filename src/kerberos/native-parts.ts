import type { DirectoryGround, DirectoryParts } from './directory-parts.ts'
import { createKdcClient } from './kdc/kdc-client.ts'
import { createKdcPool } from './kdc/kdc-pool.ts'
import { signInProbe } from './kdc/sign-in.ts'
import type { KdcGate } from './kdc-gate.ts'
import { KeytabFile } from './keytab-file.ts'
import { type AcceptedBindings, createNativeAcceptor } from './native-acceptor.ts'
import { createNativeImpersonation } from './native-impersonation.ts'
import { createNativePasswordVerifier } from './native-password.ts'
import { createNativeServiceCredential } from './native-service-credential.ts'
import { createUpnResolver } from './native-upns.ts'
import { tlsServerEndPoint } from './protocol/channel-bindings.ts'
import { NAME_TYPE, nameOf } from './protocol/principal-name.ts'
import { realmLocator } from './realm-locator.ts'
import { createReplayCache } from './replay-cache.ts'
import { usualReplayDirectory } from './replay-directory.ts'
import type { NamingRealms } from './ticket-principal.ts'

/**
 * A call to the KDC holds a socket here and no thread. Few at a time all the same: first come, first served, so that a
 * KDC under load answers some in time and not all of them too late.
 */
export const nativeKdcCalls = { maxConcurrent: 16, maxQueued: 4_096 } as const

/** RFC 4120 8.2. */
const SKEW_MS = 300_000

/**
 * The directory by our own implementation of the protocol. Throws where the keytab does not fit, in words for the
 * operator.
 */
export function openNativeParts(
  ground: DirectoryGround,
  { gate, trustedGate }: { readonly gate: KdcGate; readonly trustedGate: KdcGate },
  opened: DisposableStack,
): DirectoryParts {
  const {
    settings,
    names: directory,
    acceptPrincipal,
    servicePrincipal,
    question,
    now,
    monotonic,
    environment,
  } = ground
  const { realm, keytabFile, kdcTimeoutMs, maxPrincipals, krb5ConfigFile } = settings
  const account = nameOf(servicePrincipal.slice(0, servicePrincipal.lastIndexOf('@')), NAME_TYPE.principal)
  const poolFor = (ofRealm: string, kdcs: readonly string[]) =>
    createKdcPool({
      ...{
        locator: realmLocator(ofRealm, kdcs, { krb5ConfigFile, environment }, now),
        timeoutMs: kdcTimeoutMs,
        monotonic,
        onSeen: ground.onKdc,
      },
      probe: signInProbe(account, ofRealm, now),
    })
  const pools = new Map([
    [realm, poolFor(realm, settings.kdcs)],
    ...settings.trustedRealms.map(trusted => [trusted.realm, poolFor(trusted.realm, trusted.kdcs)] as const),
  ])
  const client = createKdcClient({ pools, realm, now })
  const keytab = opened.use(new KeytabFile(keytabFile, monotonic))
  const replays = opened.use(createReplayCache({ directory: replayDirectory(ground), skewMs: SKEW_MS, now }))
  const naming: NamingRealms = new Set()
  const accepting = { naming, keytab, services: [acceptPrincipal], directory, replays, question, skewMs: SKEW_MS, now }
  const bindings = bindingsFor(ground)
  const acceptor = opened.use(createNativeAcceptor({ ...accepting, bindings }))
  const asking = { client, gate, keytab, principal: servicePrincipal, now }
  const service = opened.use(createNativeServiceCredential(asking))
  const proving = { naming, client, gate, trustedGate, keytab, servicePrincipal: acceptPrincipal, directory, service }
  const verifier = opened.use(createNativePasswordVerifier(proving))
  const recheckMs = settings.recheckSeconds * 1000
  const inNames = { ...asking, service, directory }
  const impersonation = opened.use(createNativeImpersonation({ ...inNames, trustedGate, maxPrincipals, recheckMs }))
  const upns = createUpnResolver({ ...inNames, ttlMs: recheckMs })
  return { acceptor, verifier, impersonation, upns, kdcs: () => [...pools.values()].flatMap(pool => pool.states()) }
}

/** Undefined where TLS ends elsewhere, or no binding is defined for the certificate: nobody can send one then. */
function bindingsFor({ settings, certificate }: DirectoryGround): AcceptedBindings | undefined {
  const { channelBindings } = settings
  if (certificate === undefined || channelBindings === 'ignore') return undefined
  const hash = tlsServerEndPoint(certificate)
  return hash && { hash, isRequired: channelBindings === 'require' }
}

const replayDirectory = ({ settings, environment }: DirectoryGround): string =>
  settings.replayCacheDirectory ??
  usualReplayDirectory({ environment, platform: process.platform, account: process.getuid?.() })
