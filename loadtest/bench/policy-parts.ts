/**
 * The policy as the main program builds it from a configuration, with a real OP and a session, and requests without a
 * socket.
 */

import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import { readKey } from '../../config/secret.ts'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { agreed, torhausAddresses, writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import type { ClassifySettings } from '../../middleware/classify-credentials.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import type { Arrival, Delegated } from '../../src/exchange.ts'
import { Grants } from '../../src/grants/grants.ts'
import { GRANT_SCHEMA, SqliteGrantStore } from '../../src/grants/sqlite-grant-store.ts'
import { RequestFieldReader } from '../../src/http/request-fields.ts'
import { AssertionIdentity } from '../../src/identity/assertion-identity.ts'
import { AccessTokenVerifier } from '../../src/oidc/access-token.ts'
import { accountMapper } from '../../src/oidc/account.ts'
import { Ops } from '../../src/oidc/ops.ts'
import { OpenIdProvider } from '../../src/oidc/provider.ts'
import { SessionRefresh } from '../../src/oidc/session-refresh.ts'
import { patFingerprints } from '../../src/pats/pat-fingerprints.ts'
import { unprovenPat } from '../../src/pats/prove-pat.ts'
import { createPolicy, type Policy } from '../../src/pipeline.ts'
import { LastingRights } from '../../src/policy/lasting-rights.ts'
import { rulesOf } from '../../src/policy/rules.ts'
import { createOffers } from '../../src/refusal/challenge.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { SessionCookies } from '../../src/session/session-cookie.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { system } from '../../src/system.ts'
import { browserFields, gitFields, patAuthorization } from './request-samples.ts'

const PORT = 8080
const now = Date.now
const accountKey = storedAccountKey

export interface PolicyUnderTest {
  readonly policy: Policy
  readonly arrivals: Readonly<Record<'session' | 'bearer' | 'pat', Arrival>>
  readonly classify: ClassifySettings
  /** With the session of the arrivals among them, under this id. */
  readonly sessions: Sessions
  readonly sessionId: string
  /** The same sessions without a cache. */
  readonly uncachedSessions: Sessions
  readonly verifier: AccessTokenVerifier
  /** A new one at each call. */
  readonly newToken: () => Promise<string>
  close(): Promise<void>
}

export async function createPolicyUnderTest(): Promise<PolicyUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-bench-'))
  // Also when a benchmark fails.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const op = await startOpenIdProvider({
    users: [{ name: 'ada', password: randomBytes(12).toString('hex') }],
    audience: agreed.audience,
    clients: [
      { clientId: agreed.clientId, clientSecret: 'unused', redirectUris: [torhausAddresses(PORT).redirectUri] },
    ],
  })
  const setting = { port: PORT, adminPort: 0, upstreamUrl: 'http://127.0.0.1:1', clientSecret: 'unused', directory }
  const loaded = loadConfig(await writeTorhausConfig({ ...setting, issuer: op.issuer }), {})
  if (!loaded.ok) throw new Error(`the configuration has problems: ${JSON.stringify(loaded.diagnostics)}`)
  const { config } = loaded
  const { oidc, session, credentials, upstream } = config
  if (oidc?.bearer === undefined || upstream.identity.assertion === undefined) throw new Error('parts are missing')

  const publicOrigin = new URL(config.publicUrl).origin
  const mapAccount = accountMapper(config.account)
  const provider = new OpenIdProvider(oidc, now)
  const accountTemplate = config.account.template
  const configured = {
    name: 'oidc',
    settings: oidc,
    provider,
    callbackPath: '/.torhaus/callback',
    mapAccount,
    accountTemplate,
    mayHave: () => true,
  }
  const database = new SqliteDatabase(session.store.sqlite.file, SESSION_SCHEMA + GRANT_SCHEMA)
  const store = new SqliteSessionStore(database)
  const changes = new Changes()
  const sealer = new Sealer(session.encryptionKeyFiles.map(readKey))
  const sessions = new Sessions(store, sealer, session, changes, system)
  const cookies = new SessionCookies(config.publicUrl)
  const identityOut = await AssertionIdentity.create({ ...upstream.identity.assertion, issuer: publicOrigin }, now)
  const { keys } = provider
  const accessTokens = new AccessTokenVerifier(
    { ...oidc, bearer: oidc.bearer, readsGroups: false },
    keys,
    mapAccount,
    now,
  )
  const classify: ClassifySettings = {
    credentials,
    issuers: new Set([oidc.issuer]),
    cookies,
    isValidated: token => accessTokens.knows(token),
    fingerprintsOf: patFingerprints([randomBytes(32)]).of,
    asksAboutServerTokens: false,
  }
  const policy = createPolicy({
    trust: {
      listener: config.listener,
      hostNames: ['devops.example.test'],
      fieldReader: new RequestFieldReader(identityOut.fieldNames, config.listener.maxHeaderFields),
      viaName: '1.1 torhaus-bench',
    },
    newRequestId: randomUUID,
    classify,
    authenticate: {
      ...{
        sessions,
        cookies,
        now,
        publicOrigin,
        allowedOrigins: [],
        certificates: undefined,
        firstFactor: undefined,
        ticketOpensSession: () => false,
        accountKey,
        mismatch: () => undefined,
        provesPat: unprovenPat,
      },
      refresh: new SessionRefresh({
        ops: new Ops([configured], true),
        ...{ sessions, now },
        readsGroups: false,
        ...{ changed: () => undefined, report: () => undefined },
      }),
      accessTokens,
    },
    secondFactor: {
      settings: config.secondFactor,
      rules: rulesOf(config.secondFactor),
      lastingRights: new LastingRights(config.secondFactor.lastingRights),
      grants: new Grants(
        new SqliteGrantStore(database),
        sealer,
        { ...config.secondFactor.grants, ...session },
        changes,
        system,
      ),
      offers: createOffers(credentials),
      formsWithTokens: 'none',
      ...{
        accountKey,
        now,
        outsider: undefined,
        refusesPat: () => undefined,
        report: () => undefined,
        asked: () => undefined,
      },
    },
    identityOut,
    rates: { client: undefined, account: undefined },
    certificates: undefined,
    beginSpan: undefined,
    keepsBesideTokens: false,
    isOwnHost: undefined,
  })

  const authTime = Math.floor(now() / 1000)
  const evidence = { acr: secondFactorAcr, acrs: [], amr: ['pwd', 'otp'], authTime }
  const person = {
    subject: op.subjectOf('ada'),
    opSessionId: undefined,
    account: 'ada',
    accountKey: accountKey('ada'),
    evidence,
  }
  const id = await sessions.open(person, { refreshToken: undefined, idToken: undefined })
  const token = await op.issueAccessToken('ada')
  const arrivals = {
    session: arrivalOf([...browserFields, 'Cookie', `theme=dark; ${cookies.sessionName}=${id}`]),
    bearer: arrivalOf([...gitFields, 'Authorization', `Bearer ${token}`]),
    pat: arrivalOf([...gitFields, 'Authorization', patAuthorization]),
  }
  // The first request of each kind fills the caches; it also shows that the policy lets it pass.
  for (const arrival of Object.values(arrivals)) await decide(policy, arrival)
  return {
    ...{ policy, arrivals, classify, sessions, sessionId: id, verifier: accessTokens },
    uncachedSessions: new Sessions(store, sealer, { ...session, cacheMs: 0 }, changes, system),
    newToken: () => op.issueAccessToken('ada'),
    async close() {
      database.close()
      await op.close()
    },
  }
}

function arrivalOf(rawHeaders: readonly string[]): Arrival {
  const request = new IncomingMessage(new Socket())
  request.httpVersionMajor = 1
  request.httpVersionMinor = 1
  request.method = 'GET'
  request.url = '/DefaultCollection/_apis/wit/workitems/4711?api-version=7.1'
  request.rawHeaders = [...rawHeaders]
  return { request, response: new ServerResponse(request), arrivedAtMs: performance.now() }
}

/** Arrive and admit. @throws where the policy refuses. */
export async function decide({ arrive, admit }: Policy, arrival: Arrival): Promise<Delegated> {
  const traced = await arrive.run(arrival)
  if (!traced.passed) throw new Error(`refused at ${traced.stage}`, { cause: traced.refusal })
  const verdict = await admit.run(traced.exchange)
  if (!verdict.passed) throw new Error(`refused at ${verdict.stage}`, { cause: verdict.refusal })
  return verdict.exchange
}
