/**
 * The OpenID Provider as the relying party sees it: openid-client, with discovery in the background and coded faults.
 */
import type { LookupFunction } from 'node:net'
import * as client from 'openid-client'
import type { ProviderSettings } from '../../config/schema.ts'
import { isPlainHttp } from '../../config/url-rules.ts'
import { type Clock, isWithin } from '../clock.ts'
import { Fault } from '../errors.ts'
import { MAX_END_SESSION_URL_LENGTH } from '../session/session-binding.ts'
import { type Claims, isNumericDate } from './claims.ts'
import { clientAuthentication } from './client-authentication.ts'
import { factorParameters } from './factor-request.ts'
import { verifyIdTokenSignature } from './id-token.ts'
import { faultOfMetadata } from './op-endpoints.ts'
import { toOpFault } from './op-fault.ts'
import { type OpFetch, opFetch } from './op-fetch.ts'
import { OpKeys } from './op-keys.ts'
import { personClaims } from './userinfo.ts'

export interface AuthorizationRequest {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  readonly codeChallenge: string
  readonly maxAgeSeconds: number
  /** In place of the configured ones; empty: those. */
  readonly acrValues: readonly string[]
  /** Requires a new authentication even with a session at the OP (OIDC Core 3.1.2.1, `prompt=login`). */
  readonly isAnew: boolean
  readonly loginHint?: string | undefined
}

export interface TokenSet {
  readonly claims: Claims
  readonly idToken: string | undefined
  readonly refreshToken: string | undefined
}

/** What a refresh token has brought. */
export interface Refreshed {
  /** Valid even if the rest is not: the previous one is used up (RFC 9700 4.14.2). Undefined: that one stays valid. */
  readonly refreshToken: string | undefined
  /** Rejects if the rest cannot be verified or obtained. */
  validated(): Promise<TokenSet>
}

/** Pause after a failed discovery, so that many sign-ins do not cause many requests to the OP. */
const DISCOVERY_PAUSE_MS = 2000

/** Where keys cannot be had, metadata that are known are read again, no more often than this. */
const RENEWAL_PAUSE_MS = 60_000

/** How it is asked. */
export interface ProviderWays {
  /** The same function, looked on. */
  readonly watched?: ((fetch: OpFetch) => OpFetch) | undefined
  /** Default: that of the system. */
  readonly lookup?: LookupFunction | undefined
}

export class OpenIdProvider {
  readonly #settings: ProviderSettings
  readonly #authentication: client.ClientAuth
  readonly #now: Clock
  readonly #fetch: OpFetch
  /** What it signs with. */
  readonly keys: OpKeys
  #discovery: Promise<client.Configuration> | undefined
  #failure: { readonly atMs: number; readonly fault: Fault } | undefined
  #known = false
  #renewedAtMs: number | undefined

  constructor(settings: ProviderSettings, now: Clock, { watched = fetch => fetch, lookup }: ProviderWays = {}) {
    this.#settings = settings
    this.#authentication = clientAuthentication(settings)
    this.#now = now
    this.#fetch = watched(opFetch(settings, lookup))
    this.keys = new OpKeys({
      ...{ source: () => this.#keySource(), fetch: this.#fetch, now, failed: () => this.#renew() },
      maxAgeMs: settings.keysMaxAgeSeconds * 1000,
      graceMs: settings.refreshGraceSeconds * 1000,
    })
  }

  /** Whether the metadata of the OP has been read. */
  get isKnown(): boolean {
    return this.#known
  }

  /** Metadata of the OP, read once, and again when its keys cannot be read; concurrent callers share a request. */
  metadata(): Promise<client.Configuration> {
    if (this.#discovery !== undefined) return this.#discovery
    const failure = this.#failure
    if (failure !== undefined && isWithin(this.#now(), failure.atMs, DISCOVERY_PAUSE_MS))
      return Promise.reject(new Fault(failure.fault.code, failure.fault))
    this.#discovery = this.#discover()
    return this.#discovery
  }

  /** An OP may move its endpoints under the same name. What was known stays until others are read. */
  #renew(): void {
    if (!this.#known || isWithin(this.#now(), this.#renewedAtMs, RENEWAL_PAUSE_MS)) return
    this.#renewedAtMs = this.#now()
    this.#read().then(
      configuration => {
        this.#discovery = Promise.resolve(configuration)
      },
      () => undefined,
    )
  }

  async #discover(): Promise<client.Configuration> {
    try {
      const configuration = await this.#read()
      this.#known = true
      return configuration
    } catch (error) {
      this.#discovery = undefined
      const fault = toOpFault(error, 'op-unreachable', 'metadata')
      this.#failure = { atMs: this.#now(), fault }
      throw fault
    }
  }

  async #read(): Promise<client.Configuration> {
    const { issuer, clientId, clockToleranceSeconds, timeoutMs } = this.#settings
    const configuration = await client.discovery(
      new URL(issuer),
      clientId,
      { [client.clockTolerance]: clockToleranceSeconds },
      this.#authentication,
      {
        timeout: timeoutMs / 1000,
        [client.customFetch]: this.#fetch,
        execute: isPlainHttp(issuer) ? [client.allowInsecureRequests] : [],
      },
    )
    const metadata = configuration.serverMetadata()
    const named = metadata.issuer
    // OIDC Discovery 4.3: identical, to the last slash; tokens are told apart by exactly this name.
    const wrong =
      named === issuer
        ? faultOfMetadata(metadata, issuer)
        : `the OP calls itself ${named}, but oidc.issuer is ${issuer}`
    if (wrong !== undefined) throw new Fault('op-response-invalid', new Error(wrong))
    return configuration
  }

  /** Whether a new authentication is required (`prompt=login`), whatever the option `prompt` says. */
  asksAnew({ isAnew }: Pick<AuthorizationRequest, 'isAnew'>): boolean {
    return isAnew || this.#settings.authTimeFromSignIn !== undefined
  }

  /** OIDC Core 3.1.2.1, with PKCE (RFC 7636 4.3). */
  async authorizationUrl(request: AuthorizationRequest): Promise<string> {
    const { scopes, authorizationParameters, responseMode } = this.#settings
    const prompt = this.asksAnew(request) ? 'login' : this.#settings.prompt
    return client
      .buildAuthorizationUrl(await this.metadata(), {
        ...authorizationParameters,
        redirect_uri: request.redirectUri,
        scope: scopes.join(' '),
        state: request.state,
        nonce: request.nonce,
        code_challenge: request.codeChallenge,
        code_challenge_method: 'S256',
        max_age: String(request.maxAgeSeconds),
        ...factorParameters(this.#settings, request.acrValues),
        ...(responseMode === 'query' ? {} : { response_mode: responseMode }),
        ...(prompt === undefined ? {} : { prompt }),
        ...(request.loginHint === undefined ? {} : { login_hint: request.loginHint }),
      })
      .toString()
  }

  /** Exchanges the code of a callback for tokens, all of which are validated (OIDC Core 3.1.3). */
  async exchangeCode(callback: URL, checks: { state: string; nonce: string; codeVerifier: string }): Promise<TokenSet> {
    const configuration = await this.metadata()
    try {
      const tokens = await client.authorizationCodeGrant(configuration, callback, {
        expectedState: checks.state,
        expectedNonce: checks.nonce,
        pkceCodeVerifier: checks.codeVerifier,
        idTokenExpected: true,
      })
      return await this.#tokenSet(tokens)
    } catch (error) {
      throw toOpFault(error, 'op-response-invalid')
    }
  }

  /** `subject`: the person, for OPs that send no ID token here. */
  async refresh(refreshToken: string, subject: string): Promise<Refreshed> {
    const configuration = await this.metadata()
    const refused = (error: unknown) => {
      throw toOpFault(error, 'op-response-invalid')
    }
    const tokens = await client.refreshTokenGrant(configuration, refreshToken).catch(refused)
    return { refreshToken: tokens.refresh_token, validated: () => this.#tokenSet(tokens, subject).catch(refused) }
  }

  /** OIDC RP-Initiated Logout 1.0 2; undefined if the OP has no such endpoint. */
  async endSessionUrl(idTokenHint: string | undefined, postLogoutRedirectUri: string): Promise<string | undefined> {
    const configuration = await this.metadata()
    if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined
    const back = { post_logout_redirect_uri: postLogoutRedirectUri }
    const plain = client.buildEndSessionUrl(configuration, back).href
    if (idTokenHint === undefined) return plain
    const hinted = client.buildEndSessionUrl(configuration, { ...back, id_token_hint: idTokenHint }).href
    return hinted.length > MAX_END_SESSION_URL_LENGTH ? plain : hinted
  }

  async #keySource(): Promise<{ jwksUri: string; issuer: string }> {
    const { jwks_uri: jwksUri = '', issuer } = (await this.metadata()).serverMetadata()
    return { jwksUri, issuer }
  }

  async #tokenSet(
    tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
    expectedSubject = '',
  ): Promise<TokenSet> {
    const claims = tokens.claims()
    const { id_token: idToken, refresh_token: refreshToken } = tokens
    // The library has checked the claims, but not the signature.
    if (idToken !== undefined) await verifyIdTokenSignature(idToken, this.keys)
    // It checks that these are numbers; 1e300 is one, and no time.
    if (claims !== undefined && !(isNumericDate(claims.exp) && isNumericDate(claims.iat)))
      throw new Fault('op-response-invalid', new Error('a time in the ID token is not valid'))
    const person = this.#settings.userinfo
      ? await this.#userinfo(tokens.access_token, claims?.sub ?? expectedSubject)
      : undefined
    return { claims: { ...person, ...claims }, idToken, refreshToken }
  }

  /** OIDC Core 5.3. */
  async #userinfo(accessToken: string, subject: string): Promise<Claims> {
    try {
      const claims = await client.fetchUserInfo(await this.metadata(), accessToken, subject)
      return personClaims(claims, this.#settings.idToken)
    } catch (error) {
      throw toOpFault(error, 'op-response-invalid', 'userinfo endpoint')
    }
  }
}
