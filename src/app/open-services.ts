/** Opens the services: they live as long as the process, know no single request, and may hold resources open. */
import type { Logger } from 'pino'
import { asksForGroups } from '../../config/group-rules.ts'
import type { Config } from '../../config/schema.ts'
import { readKey } from '../../config/secret.ts'
import type { Clock, Surroundings } from '../clock.ts'
import { Grants } from '../grants/grants.ts'
import { RequestFieldReader } from '../http/request-fields.ts'
import { heldSeconds } from '../http/self-test-hold.ts'
import { stillVouchedFor } from '../identity/ticket-sessions.ts'
import type { KdcSeen } from '../kerberos/kdc/kdc-state.ts'
import { Audit } from '../observability/audit.ts'
import { Metrics } from '../observability/metrics.ts'
import { OutgoingSpans } from '../observability/outgoing-spans.ts'
import type { Ops } from '../oidc/ops.ts'
import { PatConfirmations } from '../pats/pat-confirmations.ts'
import { type PatFingerprints, patFingerprints } from '../pats/pat-fingerprints.ts'
import { PatRegister } from '../pats/pat-register.ts'
import { type Outsider, outsiderOf } from '../policy/membership.ts'
import { type Rules, rulesOf } from '../policy/rules.ts'
import { connectionLookup } from '../remembered-lookup.ts'
import type { SelfTestKeys } from '../routes/self-test.ts'
import { SignInStates } from '../routes/sign-in-state.ts'
import { FormTokens } from '../session/form-tokens.ts'
import { Sessions } from '../session/sessions.ts'
import { Changes } from '../store/changes.ts'
import { MAX_LASTS_MS } from '../store/read-cache.ts'
import { groupLookup } from './group-lookup.ts'
import { type Identity, openIdentity } from './open-identity.ts'
import { type OwnHost, openOwnHost } from './open-own-host.ts'
import { openProviders } from './open-providers.ts'
import { openSealer } from './open-sealer.ts'
import { openStores } from './open-stores.ts'
import { type Site, siteOf } from './site.ts'
import { storeReport } from './store-report.ts'
import type { Stores } from './stores.ts'

/** Only `buildProxy` takes all of them; everything else names what it needs by `Pick`. */
export interface Services extends Site, Identity {
  readonly config: Config
  readonly log: Logger
  readonly now: Clock
  readonly metrics: Metrics
  /** Undefined: no spans are recorded. */
  readonly spans: OutgoingSpans | undefined
  readonly audit: Audit
  readonly stores: Stores
  /** Changes exchanged with other processes on the same store. */
  readonly changes: Changes
  readonly ops: Ops
  readonly sessions: Sessions
  readonly signInStates: SignInStates
  readonly formTokens: FormTokens
  /** Undefined: Torhaus' pages are on the public host. */
  readonly ownHost: OwnHost | undefined
  readonly grants: Grants
  readonly pats: PatRegister
  readonly patConfirmations: PatConfirmations
  readonly fingerprints: PatFingerprints
  /** Proves to another instance which session keys this one has, and verifies who asks. */
  readonly selfTestKeys: SelfTestKeys
  readonly rules: Rules
  /** Undefined if no group is required. */
  readonly outsider: Outsider | undefined
  readonly fieldReader: RequestFieldReader
}

/** Everything opened is put on `opened` and closed with it, also if this rejects, with a message for the operator. */
export async function openServices(
  config: Config,
  log: Logger,
  surroundings: Surroundings,
  opened: AsyncDisposableStack,
): Promise<Services> {
  const { session } = config
  const { now, monotonic } = surroundings
  const site = siteOf(config)
  const keys = session.encryptionKeyFiles.map(readKey)
  const sealer = openSealer(config)
  const metrics = new Metrics(surroundings)
  const spans = config.tracing && new OutgoingSpans(surroundings.monotonic)
  const changes = new Changes()
  const stores = await openStores(session, changes, storeReport(metrics, log, spans), surroundings, opened)
  const { publicUrl } = site
  const onKdc = (seen: KdcSeen) => {
    metrics.kdc(seen)
    spans?.ended('kdc', seen.seconds, seen.failure !== undefined)
  }
  const needs = { publicUrl, attempts: stores.attempts, changes, log, onKdc }
  const identity = await openIdentity(config, needs, surroundings, opened)
  const ops = openProviders(config, identity.accountNames, now, { spans, lookup: connectionLookup(monotonic) })
  const audit = opened.use(Audit.open(log, config.logging.auditFile, now))
  const { require: required } = config.groups
  const inFile = groupLookup(config.groups, identity.accountKey)
  const caching = {
    ...{ cacheMs: session.cacheMs, maxCached: session.maxCached, graceSeconds: stores.graceSeconds },
    ...{ knownUntilMs: stores.knownUntilMs, lastsMs: MAX_LASTS_MS },
  }
  return {
    ...site,
    ...identity,
    ...{ config, log, now, metrics, spans, audit, stores, changes, ops },
    sessions: new Sessions(
      stores.sessions,
      sealer,
      {
        ...{ ...session, ...caching, readsGroups: asksForGroups(config) },
        isVouchedFor: record => stillVouchedFor(identity.directory, record) && ops.standsBy(record),
      },
      changes,
      surroundings,
    ),
    signInStates: new SignInStates(sealer),
    ownHost: openOwnHost(config, sealer, stores.sessions, now),
    formTokens: new FormTokens(sealer, stores.sessions, now),
    grants: new Grants(
      stores.grants,
      sealer,
      {
        ...{ ...config.secondFactor.grants, ...caching },
        isVouchedFor: confirmation => ops.standsByConfirmed(confirmation),
      },
      changes,
      surroundings,
    ),
    pats: new PatRegister(stores.pats, caching, changes, surroundings),
    patConfirmations: new PatConfirmations(
      stores.patConfirmations,
      { ...caching, requestLifetimeSeconds: config.secondFactor.grants.requestLifetimeSeconds },
      changes,
      surroundings,
    ),
    fingerprints: patFingerprints(keys),
    selfTestKeys: {
      proofs: challenge => sealer.proofs(challenge),
      heldSeconds: hold => heldSeconds(hold, now(), (text, signature) => sealer.hasSigned(text, signature)),
    },
    rules: rulesOf(config.secondFactor, identity.accountNames.spellingsOf, inFile),
    outsider: required.length === 0 ? undefined : outsiderOf(required, inFile),
    fieldReader: new RequestFieldReader(identity.identityOut.fieldNames, config.listener.maxHeaderFields),
  }
}
