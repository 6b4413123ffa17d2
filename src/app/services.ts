/** What the parts of Torhaus are made of: stores, clients and keys, opened as the configuration says. */

import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { readKey, readSecret } from '../../config/secret.ts'
import type { AccountKeyOf } from '../account-key.ts'
import type { Clock, Surroundings } from '../clock.ts'
import { Grants } from '../grants/grants.ts'
import { RequestFieldReader } from '../http/request-fields.ts'
import { type AccountNames, accountNames } from '../identity/account-key.ts'
import { AssertionIdentity } from '../identity/assertion-identity.ts'
import { headerIdentity, type IdentityOut, noIdentity } from '../identity/identity-out.ts'
import { kerberosIdentity } from '../identity/kerberos-identity.ts'
import type { Directory, KerberosSettings } from '../kerberos/directory.ts'
import { Audit } from '../observability/audit.ts'
import { Metrics } from '../observability/metrics.ts'
import type { OpKeys } from '../oidc/op-keys.ts'
import { OpenIdProvider } from '../oidc/provider.ts'
import { type PatFingerprints, patFingerprints } from '../pats/pat-fingerprints.ts'
import { PatRegister } from '../pats/pat-register.ts'
import { type Rules, rulesOf } from '../policy/rules.ts'
import { createOffers } from '../refusal/challenge.ts'
import type { RefusalSettings } from '../refusal/refusal.ts'
import { Sealer } from '../session/sealer.ts'
import { SessionCookies } from '../session/session-cookie.ts'
import { Sessions } from '../session/sessions.ts'
import { Changes } from '../store/changes.ts'
import { openStores } from './open-stores.ts'
import { storeReport } from './store-report.ts'
import type { Stores } from './stores.ts'

export interface Ground {
  readonly config: Config
  readonly log: Logger
  readonly now: Clock
  readonly metrics: Metrics
  readonly publicUrl: URL
  readonly cookies: SessionCookies
  readonly provider: OpenIdProvider
  readonly opKeys: OpKeys
  readonly stores: Stores
  /** Between this process and the others on the same store. */
  readonly changes: Changes
  readonly sessions: Sessions
  readonly grants: Grants
  readonly pats: PatRegister
  readonly fingerprints: PatFingerprints
  readonly rules: Rules
  readonly audit: Audit
  readonly accountNames: AccountNames
  readonly accountKey: AccountKeyOf
  readonly directory: Directory | undefined
  readonly identityOut: IdentityOut
  readonly fieldReader: RequestFieldReader
  readonly refusal: RefusalSettings
  /** What we call ourselves in Via (RFC 9110 7.6.3). */
  readonly viaName: string
}

export async function layGround(config: Config, log: Logger, surroundings: Surroundings): Promise<Ground> {
  const { oidc, session, credentials } = config
  const { now } = surroundings
  const publicUrl = new URL(config.publicUrl)
  const secret = oidc.clientSecretFile === undefined ? undefined : readSecret(oidc.clientSecretFile)
  const metrics = new Metrics()
  const changes = new Changes()
  const stores = await openStores(session, changes, storeReport(metrics, log), surroundings)
  const directory =
    config.kerberos &&
    (await openDirectoryOf(config.kerberos, publicUrl, stores, log, surroundings).catch(async (error: unknown) => {
      await stores.close()
      throw error
    }))
  const identityOut = await createIdentity(config, publicUrl.origin, directory, now)
  changes.subscribe(change => {
    if (change.kind === 'account') identityOut.forget(change.account)
  })
  const caching = { cacheMs: session.cacheMs, maxCached: session.maxCached, graceSeconds: stores.graceSeconds }
  const keys = session.encryptionKeyFiles.map(readKey)
  const provider = new OpenIdProvider(oidc, secret, now)
  const names = accountNames(directory, config)
  return {
    ...{ config, log, now, metrics, publicUrl, directory, identityOut, stores, changes, provider },
    cookies: new SessionCookies(config.publicUrl),
    opKeys: provider.keys,
    sessions: new Sessions(stores.sessions, new Sealer(keys), { ...session, ...caching }, changes, surroundings),
    grants: new Grants(stores.grants, { ...config.secondFactor.grants, ...caching }, changes, surroundings),
    pats: new PatRegister(stores.pats, caching, changes, surroundings),
    fingerprints: patFingerprints(keys),
    rules: rulesOf(config.secondFactor, names.spellingsOf),
    audit: Audit.open(log, config.logging.auditFile, now),
    accountKey: names.keyOf,
    accountNames: names,
    fieldReader: new RequestFieldReader(identityOut.fieldNames, config.listener.maxHeaderFields),
    refusal: {
      publicOrigin: publicUrl.origin,
      challenge: { offers: createOffers(credentials), realm: credentials.realm ?? config.publicUrl },
    },
    viaName: `1.1 torhaus-${publicUrl.host.replaceAll(/[^A-Za-z0-9.-]/g, '-')}`,
  }
}

/** Loaded on demand: without Kerberos in the configuration, no native library is needed. */
async function openDirectoryOf(
  settings: KerberosSettings,
  publicUrl: URL,
  { attempts }: Stores,
  log: Logger,
  { now, environment }: Surroundings,
): Promise<Directory> {
  const { openDirectory } = await import('../kerberos/directory.ts')
  return openDirectory(settings, publicUrl.hostname, {
    ...{ attempts, now, environment },
    onCircuit: state => log.warn({ 'event.action': 'kdc-circuit', 'torhaus.circuit': state }),
  })
}

async function createIdentity(
  config: Config,
  issuer: string,
  directory: Directory | undefined,
  now: Clock,
): Promise<IdentityOut> {
  const { kind, assertion, header, kerberos } = config.upstream.identity
  if (kind === 'kerberos' && kerberos !== undefined && directory !== undefined)
    return kerberosIdentity(directory, kerberos)
  if (kind === 'assertion' && assertion !== undefined) return AssertionIdentity.create({ ...assertion, issuer }, now)
  return kind === 'header' ? headerIdentity(header.field) : noIdentity
}
