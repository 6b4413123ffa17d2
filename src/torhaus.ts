/** Builds everything from a configuration, listens, and stops again. The only place where parts are chosen and joined. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { readKey, readSecret } from '../config/secret.ts'
import { forward } from '../middleware/forward.ts'
import { causeChain, writeAccessRecord } from './access-log.ts'
import { createAdmin, type Readiness } from './admin.ts'
import { createApp, fail } from './app.ts'
import type { Clock } from './clock.ts'
import { challengeFields } from './http/challenge.ts'
import { RequestFieldReader } from './http/request-fields.ts'
import { ResponseFieldFilter } from './http/response-fields.ts'
import { AssertionIdentity } from './identity/assertion-identity.ts'
import { headerIdentity, type IdentityOut, noIdentity } from './identity/identity-out.ts'
import { Metrics } from './metrics.ts'
import { AccessTokenVerifier } from './oidc/access-token.ts'
import { accountMapper } from './oidc/account.ts'
import { OpenIdProvider } from './oidc/provider.ts'
import { SessionRefresh } from './oidc/session-refresh.ts'
import { createPolicy } from './pipeline.ts'
import { accountPage } from './routes/account-page.ts'
import type { Route } from './routes/reply.ts'
import { completeSignIn, startSignIn } from './routes/sign-in.ts'
import { askToSignOut, signedOut, signOut } from './routes/sign-out.ts'
import { Sealer } from './session/sealer.ts'
import { SessionCookies } from './session/session-cookie.ts'
import { Sessions } from './session/sessions.ts'
import { SqliteStore } from './session/sqlite-store.ts'
import { HttpUpstream } from './upstream/http-upstream.ts'

export interface Torhaus {
  /** Where it listens, once it does. */
  readonly proxyPort: number
  readonly adminPort: number
  /** Stops listening, lets requests in flight finish within the drain timeout, and closes everything. */
  drain(): Promise<void>
  /** Ends at once. */
  kill(): Promise<void>
}

const SWEEP_INTERVAL_MS = 60_000

export async function startTorhaus(config: Config, log: Logger, now: Clock = Date.now): Promise<Torhaus> {
  const publicOrigin = new URL(config.publicUrl).origin
  const cookies = new SessionCookies(config.publicUrl)
  const metrics = new Metrics()
  const identityOut = await createIdentity(config, publicOrigin, now)
  const { oidc, session, secondFactor } = config

  const secret = oidc.clientSecretFile === undefined ? undefined : readSecret(oidc.clientSecretFile)
  const provider = new OpenIdProvider(oidc, secret, now)
  const mapAccount = accountMapper(config.account)
  const accessTokens = oidc.bearer && new AccessTokenVerifier(oidc.bearer, provider, mapAccount, oidc.timeoutMs, now)

  const store = new SqliteStore(session.store.sqlite.file)
  const sessions = new Sessions(store, new Sealer(session.encryptionKeyFiles.map(readKey)), session, now)
  const refresh = new SessionRefresh(provider, sessions, oidc, now, (outcome, cause) => {
    metrics.refresh(outcome)
    if (cause instanceof Error)
      log.warn({ 'event.action': 'session-refresh', 'event.outcome': outcome, 'error.message': causeChain(cause) })
  })

  const viaName = `1.1 torhaus-${new URL(config.publicUrl).host.replaceAll(/[^A-Za-z0-9.-]/g, '-')}`
  const refusal = {
    publicOrigin,
    challenge: { offer: config.credentials.offer, realm: config.credentials.realm ?? config.publicUrl },
  }
  const upstream = new HttpUpstream(config.upstream)
  const fieldReader = new RequestFieldReader(identityOut.fieldNames, config.server.maxHeaderFields)
  const upstreamUrl = new URL(config.upstream.url)
  const publicUrl = new URL(config.publicUrl)

  const signInParts = {
    ...{ provider, sessions, store, cookies, mapAccount, publicOrigin, now },
    rule: secondFactor,
    limits: session,
    report: (event: Parameters<Metrics['signIn']>[0]) => metrics.signIn(event),
  }
  const signOutParts = { provider, sessions, cookies, publicOrigin }
  const routes: Record<string, Route> = {
    'GET /.torhaus/': accountPage(sessions, cookies, publicOrigin, now),
    'GET /.torhaus': accountPage(sessions, cookies, publicOrigin, now),
    'GET /.torhaus/sign-in': startSignIn(signInParts),
    'GET /.torhaus/callback': completeSignIn(signInParts),
    'GET /.torhaus/sign-out': askToSignOut(signOutParts),
    'POST /.torhaus/sign-out': signOut(signOutParts),
    'GET /.torhaus/signed-out': signedOut(),
    'GET /.torhaus/jwks.json': keySetRoute(identityOut),
  }

  const app = createApp({
    server: config.server,
    tls: config.server.tls && {
      cert: readFileSync(config.server.tls.certificateFile),
      key: readFileSync(config.server.tls.privateKeyFile),
    },
    policy: createPolicy({
      trust: { server: config.server, fieldReader, viaName },
      newRequestId: randomUUID,
      classify: { credentials: config.credentials, issuer: oidc.issuer, sessionCookie: cookies.sessionName },
      authenticate: { sessions, refresh, accessTokens, publicOrigin },
      secondFactor,
      identityOut,
      now,
    }),
    forward: forward({
      upstream,
      fieldReader,
      responseFields: new ResponseFieldFilter(config.publicUrl, config.upstream.url, cookies),
      upstreamHost: config.upstream.host === 'public' ? publicUrl.host : upstreamUrl.host,
      publicHost: publicUrl.host,
      publicScheme: publicUrl.protocol.slice(0, -1),
      viaName,
      ownCookies: cookies.names,
      challengeFields: challengeFields(refusal.challenge),
      fail: (record, fault) => fail({ refusal }, record, fault),
    }),
    routes,
    refusal,
    close: (record, closedAtMs) => {
      metrics.exchange(record, closedAtMs)
      if (config.logging.access) writeAccessRecord(log, record, closedAtMs)
    },
    rejected: (code, peer) => log.info({ 'event.action': 'reject', 'torhaus.code': code, 'client.address': peer }),
  })

  let isDraining = false
  const admin = createAdmin(metrics.registry, () => readiness(isDraining, provider))
  metrics.observe({ upstream: () => upstream.statistics(), clientConnections: () => connectionCount(app) })
  const sweep = setInterval(() => void sessions.sweep(), SWEEP_INTERVAL_MS).unref()

  const release = async () => {
    clearInterval(sweep)
    upstream.close()
    await admin.close()
    await store.close()
  }
  try {
    await app.listen({ host: config.server.host, port: config.server.port })
    await admin.listen({ host: config.admin.host, port: config.admin.port })
  } catch (error) {
    app.server.closeAllConnections()
    await app.close()
    await release()
    throw error
  }
  // Sign-in works without this, too; but when the OP is away, better to say so now.
  provider
    .metadata()
    .catch((error: unknown) => log.warn({ 'event.action': 'discovery', 'error.message': causeChain(error as Error) }))

  return {
    proxyPort: (app.server.address() as AddressInfo).port,
    adminPort: (admin.server.address() as AddressInfo).port,
    async drain() {
      isDraining = true
      const deadline = setTimeout(() => app.server.closeAllConnections(), config.server.drainTimeoutMs)
      await app.close()
      clearTimeout(deadline)
      await release()
    },
    async kill() {
      isDraining = true
      app.server.closeAllConnections()
      await app.close()
      await release()
    },
  }
}

function readiness(isDraining: boolean, provider: OpenIdProvider): Readiness {
  return {
    ready: !isDraining,
    parts: {
      listener: isDraining ? 'draining' : 'listening',
      identityProvider: provider.isKnown ? 'known' : 'not reached yet',
    },
  }
}

function connectionCount(app: FastifyInstance): number {
  let count = 0
  app.server.getConnections((_error, open) => {
    count = open
  })
  return count
}

async function createIdentity({ upstream }: Config, issuer: string, now: Clock): Promise<IdentityOut> {
  const { kind, assertion, header } = upstream.identity
  if (kind === 'header') return headerIdentity(header.field)
  return kind === 'assertion' && assertion !== undefined
    ? AssertionIdentity.create({ ...assertion, issuer }, now)
    : noIdentity
}

/** RFC 7517 8.5.2. */
function keySetRoute(identityOut: IdentityOut): Route {
  const keySet = identityOut instanceof AssertionIdentity ? identityOut.keySet : { keys: [] }
  const text = JSON.stringify(keySet)
  return () => ({
    status: 200,
    fields: ['Content-Type', 'application/jwk-set+json', 'Cache-Control', 'public, max-age=300'],
    text,
  })
}
