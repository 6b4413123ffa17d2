/** Every part of Torhaus, chosen and joined as the configuration says. Nothing listens yet. */
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import { forward } from '../../middleware/forward.ts'
import { causeChain } from '../cause-chain.ts'
import type { Surroundings } from '../clock.ts'
import { toFault } from '../errors.ts'
import { ResponseFieldFilter } from '../http/response-fields.ts'
import { FirstFactor } from '../identity/first-factor.ts'
import type { IntakeLimits } from '../listener/intake.ts'
import { Turns } from '../listener/turns.ts'
import { accessLog } from '../observability/access-log.ts'
import { TraceRecorder, traceLog } from '../observability/decision-trace.ts'
import { AccessTokenVerifier } from '../oidc/access-token.ts'
import { accountMapper } from '../oidc/account.ts'
import type { OpenIdProvider } from '../oidc/provider.ts'
import { SessionRefresh } from '../oidc/session-refresh.ts'
import { FLUSH_INTERVAL_MS } from '../pats/pat-register.ts'
import { type PatWatch, patWatch } from '../pats/pat-watch.ts'
import { createPolicy, type PolicyParts } from '../pipeline.ts'
import type { Changes } from '../store/changes.ts'
import { Tunnels } from '../tunnels/tunnels.ts'
import { HttpUpstream } from '../upstream/http-upstream.ts'
import { countConnections } from './count-connections.ts'
import { endpoints } from './endpoints.ts'
import { createApp, fail, type OpenExchange } from './exchange-handler.ts'
import { intakeLimits, requestRates } from './intake-limits.ts'
import { type PatReport, patReport } from './pat-report.ts'
import type { Readiness } from './readiness.ts'
import { reauthorize } from './reauthorize.ts'
import { type Ground, layGround } from './services.ts'
import { Shares } from './shares.ts'

export interface ProxyParts {
  readonly app: FastifyInstance
  readonly registry: Registry
  readonly changes: Changes
  readonly provider: OpenIdProvider
  readonly tunnels: Tunnels
  readiness(): Readiness
  /** From now on it is not ready, and what comes is answered as the last of its connection. */
  startDraining(): void
  /** Removes what has ended from the store. Never rejects: the next round tries again. */
  sweep(): Promise<void>
  /** Lets go of everything that is not a listener. */
  release(): Promise<void>
}

export async function buildProxy(config: Config, log: Logger, surroundings: Surroundings): Promise<ProxyParts> {
  const { now, monotonic } = surroundings
  const ground = await layGround(config, log, surroundings)
  const { metrics, provider, sessions, grants, pats, audit, stores, directory, changes } = ground
  const upstream = new HttpUpstream(config.upstream, monotonic)
  const watch = watchOf(ground, patReport(metrics, audit, log))
  const policy = { ...policyOf(ground, watch), rates: requestRates(config, monotonic) }
  const tunnels = tunnelsOf(ground, policy)
  const limits = intakeLimits(config, monotonic)
  const turns = new Turns<OpenExchange>()
  const writeAccess = config.logging.access ? accessLog(log, now) : undefined
  const writeTrace = traceLog(log)
  let isDraining = false
  let unrecognisedPats = 0
  audit.write('policy-loaded', {}, { hash: hashOf(config.secondFactor) })
  const app = createApp({
    listener: config.listener,
    tls: config.listener.tls && {
      cert: readFileSync(config.listener.tls.certificateFile),
      key: readFileSync(config.listener.tls.privateKeyFile),
    },
    policy: createPolicy(policy),
    forward: forwardOf(ground, { upstream, watch, tunnels, limits }),
    isDraining: () => isDraining,
    ...{ turns, monotonic },
    routes: endpoints(ground),
    refusal: ground.refusal,
    newRequestId: randomUUID,
    newTrace: config.logging.trace ? () => new TraceRecorder(monotonic, writeTrace) : undefined,
    close: (record, closedAtMs) => {
      metrics.exchange(record, closedAtMs)
      audit.exchange(record)
      writeAccess?.(record, closedAtMs)
      record.trace?.conclude(record, closedAtMs)
    },
    rejected: (code, peer) => log.info({ 'event.action': 'reject', 'torhaus.code': code, 'client.address': peer }),
  })
  /** What cannot be done now is done at the next round. */
  const guarded = async (action: string, work: () => unknown) => {
    try {
      await work()
    } catch (error) {
      log.warn({ 'event.action': action, 'error.message': causeChain(toFault(error)) })
    }
  }
  const flushPats = () => guarded('pat-flush', () => pats.flush())
  const flushing = setInterval(flushPats, FLUSH_INTERVAL_MS).unref()
  const readiness = (): Readiness => ({
    // One that was reached before may be away: what is known goes on, and taking every instance out would help nobody.
    ready: !isDraining && stores.wasReached(),
    parts: {
      listener: isDraining ? 'draining' : 'listening',
      store: stores.condition(),
      identityProvider: provider.isKnown ? 'known' : 'not reached yet',
      ...(directory === undefined ? {} : { kdcCircuit: directory.statistics().circuit }),
    },
  })
  metrics.observe({
    upstream: () => upstream.statistics(),
    clientConnections: countConnections(app),
    ...{ pipelinedRequests: () => turns.held, unprovenContentBytes: () => limits.ledger.total },
    unrecognisedPats: () => unrecognisedPats,
    isStoreAvailable: () => stores.condition() === 'available',
    tunnels: () => tunnels.count,
    ...(directory === undefined ? {} : { directory: () => directory.statistics() }),
  })
  return {
    app,
    ...{ provider, tunnels, readiness, changes },
    registry: metrics.registry,
    startDraining() {
      isDraining = true
    },
    sweep: () =>
      guarded('sweep', async () => {
        await sessions.sweep()
        await grants.sweep()
        await pats.sweep()
        await stores.attempts.sweepAttempts(now())
        unrecognisedPats = await pats.countUnrecognised(fingerprint => ground.fingerprints.isRecognisable(fingerprint))
      }),
    async release() {
      upstream.close()
      limits.keeper.close()
      directory?.close()
      clearInterval(flushing)
      await flushPats()
      await stores.close()
      await audit.close()
    },
  }
}

/** Changes when the rules do. */
const hashOf = (settings: Config['secondFactor']) => createHash('sha256').update(JSON.stringify(settings)).digest('hex')

function watchOf({ config, now, pats: register, accountKey }: Ground, report: PatReport): PatWatch {
  return patWatch({
    ...{ register, accountKey, now },
    ...report,
    policy: config.credentials.patPolicy,
    networks: config.secondFactor.grants,
    accountField: config.credentials.patAccountField,
  })
}

function policyOf(ground: Ground, watch: PatWatch): Omit<PolicyParts, 'rates'> {
  const { config, log, now, metrics, provider, sessions, cookies, directory, publicUrl } = ground
  const { rules, grants, audit, accountKey } = ground
  const { oidc } = config
  const refresh = new SessionRefresh(provider, sessions, oidc, now, (outcome, cause) => {
    metrics.refresh(outcome)
    if (!(cause instanceof Error)) return
    log.warn({ 'event.action': 'session-refresh', 'event.outcome': outcome, 'error.message': causeChain(cause) })
  })
  const mapAccount = accountMapper(config.account)
  const accessTokens =
    oidc.bearer && new AccessTokenVerifier(oidc.bearer, oidc.clientId, ground.opKeys, mapAccount, now)
  return {
    trust: {
      listener: config.listener,
      hostNames: [publicUrl.hostname, ...config.listener.hostNames].map(name => name.toLowerCase()),
      fieldReader: ground.fieldReader,
      viaName: ground.viaName,
    },
    newRequestId: randomUUID,
    classify: {
      credentials: config.credentials,
      issuer: oidc.issuer,
      sessionCookie: cookies.sessionName,
      isValidated: token => accessTokens?.knows(token) === true,
      fingerprintsOf: ground.fingerprints.of,
    },
    authenticate: {
      ...{ sessions, refresh, cookies, accessTokens },
      firstFactor:
        directory && new FirstFactor(directory, config.kerberos?.passwords.accept === true, config.account, now),
      ticketOpensSession: exchange => rules.ticketIsEnough(exchange),
      accountKey,
      mismatch: (exchange, account, otherAccount) => {
        metrics.bindingMismatch()
        audit.write('account-mismatch', exchange, { account, otherAccount, code: 'account-mismatch' })
      },
      publicOrigin: publicUrl.origin,
      allowedOrigins: config.credentials.allowedOrigins,
    },
    secondFactor: {
      ...{ rules, grants, accountKey, now },
      settings: config.secondFactor,
      offers: ground.refusal.challenge.offers,
      refusesPat: exchange => watch.refuse(exchange),
      report: (exchange, rule, code) => {
        metrics.wouldHaveRefused(rule, code)
        audit.write('would-have-refused', exchange, { rule, code })
      },
      asked: (exchange, { network }, code) => {
        metrics.grant('asked')
        audit.write('second-factor-asked', exchange, { network, code })
      },
    },
    identityOut: ground.identityOut,
  }
}

function tunnelsOf(ground: Ground, policy: Omit<PolicyParts, 'rates'>): Tunnels {
  const { config, now, changes, accountKey, sessions } = ground
  const unheard = () => undefined
  const watch = watchOf(ground, { judged: unheard, learned: unheard, failed: unheard })
  return new Tunnels({
    ...{ changes, accountKey, now },
    settings: {
      maxTunnels: config.listener.maxTunnels,
      idleTimeoutMs: config.upstream.tunnelIdleTimeoutMs,
      maxAgeMs: config.session.absoluteTimeoutSeconds * 1000,
    },
    refusal: reauthorize({ ...policy, sessions, refusesPat: exchange => watch.refuse(exchange) }),
  })
}

interface ForwardNeeds {
  readonly upstream: HttpUpstream
  readonly watch: PatWatch
  readonly tunnels: Tunnels
  readonly limits: IntakeLimits
}

function forwardOf(ground: Ground, { upstream, watch, tunnels, limits }: ForwardNeeds) {
  const { config, cookies, fieldReader, publicUrl, refusal, viaName } = ground
  const shares = new Shares(watch, limits.keeper.monotonic)
  return forward({
    ...{ upstream, fieldReader, viaName, tunnels },
    monotonic: limits.keeper.monotonic,
    intakeLimits: limits,
    shareOf: exchange => shares.of(exchange),
    responseFields: new ResponseFieldFilter(config.publicUrl, config.upstream.url, cookies.names),
    upstreamHost: config.upstream.host === 'public' ? publicUrl.host : new URL(config.upstream.url).host,
    publicHost: publicUrl.host,
    publicScheme: publicUrl.protocol.slice(0, -1),
    ownCookies: cookies.names,
    challenge: refusal.challenge,
    answered: (exchange, status, rawFields) => {
      watch.see(exchange, status, rawFields)
      shares.answered(exchange, status)
    },
    fail: (record, fault) => fail({ refusal }, record, fault),
  })
}
