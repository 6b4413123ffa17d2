/** Every part of Torhaus, chosen and joined as the configuration says. Nothing listens yet. */
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { forward } from '../middleware/forward.ts'
import { causeChain, writeAccessRecord } from './access-log.ts'
import { createAdmin, type Readiness } from './admin.ts'
import { createApp, fail } from './app.ts'
import type { Clock } from './clock.ts'
import { FirstFactor } from './credentials/first-factor.ts'
import { FLUSH_INTERVAL_MS } from './credentials/pat-register.ts'
import { patReport } from './credentials/pat-report.ts'
import { type PatWatch, patWatch } from './credentials/pat-watch.ts'
import { toFault } from './errors.ts'
import { type Ground, layGround } from './ground.ts'
import { ResponseFieldFilter } from './http/response-fields.ts'
import { AssertionIdentity } from './identity/assertion-identity.ts'
import type { PatEvent } from './metrics.ts'
import { AccessTokenVerifier } from './oidc/access-token.ts'
import { accountMapper } from './oidc/account.ts'
import type { OpenIdProvider } from './oidc/provider.ts'
import { SessionRefresh } from './oidc/session-refresh.ts'
import { createPolicy, type Policy } from './pipeline.ts'
import { accountPage } from './routes/account-page.ts'
import { askToConfirm, confirm, type GrantEvent } from './routes/confirm.ts'
import { gitPage, helperFile } from './routes/git-page.ts'
import { keySetRoute } from './routes/key-set.ts'
import { endSession, revokeGrant, signOutEverywhere } from './routes/own-access.ts'
import { blockPat } from './routes/own-pats.ts'
import type { Route } from './routes/reply.ts'
import { completeSignIn, type SignInParts, startSignIn } from './routes/sign-in.ts'
import { askToSignOut, signedOut, signOut } from './routes/sign-out.ts'
import { HttpUpstream } from './upstream/http-upstream.ts'

export interface Composition {
  readonly app: FastifyInstance
  readonly admin: FastifyInstance
  readonly provider: OpenIdProvider
  /** Says at /readyz that no new request should come. */
  startDraining(): void
  /** Removes what has ended from the store. Never rejects: the next round tries again. */
  sweep(): Promise<void>
  /** Lets go of everything that is not a listener. */
  release(): Promise<void>
}

export async function compose(config: Config, log: Logger, now: Clock): Promise<Composition> {
  const ground = await layGround(config, log, now)
  const { metrics, provider, sessions, grants, pats, audit, database, directory } = ground
  const upstream = new HttpUpstream(config.upstream)
  const watch = watchOf(ground)
  audit.write('policy-loaded', {}, { hash: hashOf(config.secondFactor) })
  const app = createApp({
    server: config.server,
    tls: config.server.tls && {
      cert: readFileSync(config.server.tls.certificateFile),
      key: readFileSync(config.server.tls.privateKeyFile),
    },
    policy: policyOf(ground, watch),
    forward: forwardOf(ground, upstream, watch),
    routes: routesOf(ground),
    refusal: ground.refusal,
    close: (record, closedAtMs) => {
      metrics.exchange(record, closedAtMs)
      audit.exchange(record)
      if (config.logging.access) writeAccessRecord(log, record, closedAtMs)
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
  let isDraining = false
  const readiness = (): Readiness => ({
    ready: !isDraining,
    parts: {
      listener: isDraining ? 'draining' : 'listening',
      identityProvider: provider.isKnown ? 'known' : 'not reached yet',
      ...(directory === undefined ? {} : { kdcCircuit: directory.statistics().circuit }),
    },
  })
  const admin = createAdmin(metrics.registry, readiness)
  metrics.observe({
    upstream: () => upstream.statistics(),
    clientConnections: countConnections(app),
    ...(directory === undefined ? {} : { directory: () => directory.statistics() }),
  })
  return {
    app,
    admin,
    provider,
    startDraining() {
      isDraining = true
    },
    sweep: () =>
      guarded('sweep', async () => {
        await sessions.sweep()
        await grants.sweep()
        pats.sweep()
      }),
    async release() {
      upstream.close()
      await admin.close()
      directory?.close()
      clearInterval(flushing)
      await flushPats()
      database.close()
      audit.close()
    },
  }
}

/** Changes when the rules do. */
const hashOf = (settings: Config['secondFactor']) => createHash('sha256').update(JSON.stringify(settings)).digest('hex')

function watchOf({ config, log, now, metrics, audit, pats: register, accountKey }: Ground): PatWatch {
  return patWatch({
    ...{ register, accountKey, now },
    ...patReport(metrics, audit, log),
    policy: config.credentials.patPolicy,
    networks: config.secondFactor.grants,
    accountField: config.credentials.patAccountField,
  })
}

function policyOf(ground: Ground, watch: PatWatch): Policy {
  const { config, log, now, metrics, provider, sessions, cookies, directory, publicUrl } = ground
  const { rules, grants, audit, accountKey } = ground
  const { oidc } = config
  const refresh = new SessionRefresh(provider, sessions, oidc, now, (outcome, cause) => {
    metrics.refresh(outcome)
    if (!(cause instanceof Error)) return
    log.warn({ 'event.action': 'session-refresh', 'event.outcome': outcome, 'error.message': causeChain(cause) })
  })
  const mapAccount = accountMapper(config.account)
  const accessTokens = oidc.bearer && new AccessTokenVerifier(oidc.bearer, provider, mapAccount, oidc.timeoutMs, now)
  return createPolicy({
    trust: { server: config.server, fieldReader: ground.fieldReader, viaName: ground.viaName },
    newRequestId: randomUUID,
    classify: {
      credentials: config.credentials,
      issuer: oidc.issuer,
      sessionCookie: cookies.sessionName,
      isValidated: token => accessTokens?.knows(token) === true,
      fingerprintsOf: ground.fingerprintsOf,
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
  })
}

function forwardOf(ground: Ground, upstream: HttpUpstream, watch: PatWatch) {
  const { config, cookies, fieldReader, publicUrl, refusal, viaName } = ground
  return forward({
    ...{ upstream, fieldReader, viaName },
    responseFields: new ResponseFieldFilter(config.publicUrl, config.upstream.url, cookies),
    upstreamHost: config.upstream.host === 'public' ? publicUrl.host : new URL(config.upstream.url).host,
    publicHost: publicUrl.host,
    publicScheme: publicUrl.protocol.slice(0, -1),
    ownCookies: cookies.names,
    challenge: refusal.challenge,
    answered: (exchange, status, rawFields) => watch.see(exchange, status, rawFields),
    fail: (record, fault) => fail({ refusal }, record, fault),
  })
}

function routesOf(ground: Ground): Record<string, Route> {
  const { config, now, metrics, provider, sessions, store, cookies, identityOut, publicUrl, audit } = ground
  const publicOrigin = publicUrl.origin
  const signInParts = {
    ...{ provider, sessions, store, cookies, publicOrigin, now },
    mapAccount: accountMapper(config.account),
    rule: config.secondFactor,
    limits: config.session,
    report: reportSignIn(ground),
  }
  const forget = (account: string) => identityOut.forget(account)
  const signOutParts = { provider, sessions, cookies, publicOrigin, audit, forget }
  const { grants, pats, accountKey } = ground
  const count = (event: GrantEvent) => metrics.grant(event)
  const ownParts = { sessions, grants, pats, cookies, accountKey, publicOrigin, audit, count, forget, now }
  const patParts = { ...ownParts, countPat: (event: PatEvent) => metrics.pat(event) }
  const confirmParts = { ...ownParts, settings: config.secondFactor }
  return {
    'GET /.torhaus/': accountPage(ownParts),
    'GET /.torhaus': accountPage(ownParts),
    'POST /.torhaus/grants/:id': revokeGrant(ownParts),
    'POST /.torhaus/pats/block/:fingerprint': blockPat(patParts, true),
    'POST /.torhaus/pats/allow/:fingerprint': blockPat(patParts, false),
    'POST /.torhaus/sessions/:key': endSession(ownParts),
    'POST /.torhaus/sign-out-everywhere': signOutEverywhere(ownParts),
    'GET /.torhaus/confirm/:code': askToConfirm(confirmParts),
    'POST /.torhaus/confirm/:code': confirm(confirmParts),
    'GET /.torhaus/git': gitPage({ ...ownParts, provider, oidc: config.oidc }),
    'GET /.torhaus/torhaus-credential.mjs': helperFile(),
    'GET /.torhaus/sign-in': startSignIn(signInParts),
    'GET /.torhaus/callback': completeSignIn(signInParts),
    'GET /.torhaus/sign-out': askToSignOut(signOutParts),
    'POST /.torhaus/sign-out': signOut(signOutParts),
    'GET /.torhaus/signed-out': signedOut(),
    'GET /.torhaus/jwks.json': keySetRoute(
      identityOut instanceof AssertionIdentity ? identityOut.keySet : { keys: [] },
    ),
  }
}

function reportSignIn({ metrics, audit }: Ground): SignInParts['report'] {
  return (event, exchange, account) => {
    metrics.signIn(event)
    if (event === 'completed') audit.write('sign-in', exchange, { account })
    else if (event !== 'started')
      audit.write('sign-in-refused', exchange, { account, code: event === 'refused' ? 'sign-in-refused' : event })
  }
}

function countConnections(app: FastifyInstance): () => number {
  let open = 0
  app.server.on('connection', socket => {
    open++
    socket.on('close', () => open--)
  })
  return () => open
}
