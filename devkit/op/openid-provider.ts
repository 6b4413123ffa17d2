import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { JWK } from 'jose'
import { createAccounts, type OpUser, subjectOf } from './accounts.ts'
import { closeServer } from './close-server.ts'
import { type OpClient, opConfiguration } from './configuration.ts'
import { createInteractionHandler } from './interaction.ts'
import { listen } from './listen.ts'
import { Provider } from './protocol-library.ts'
import { createSigner, newSigningKey, type Signer } from './signing.ts'

export type OpenIdProviderOptions = {
  readonly users: readonly OpUser[]
  readonly clients: readonly OpClient[]
  /** The `aud` of access tokens. */
  readonly audience: string
  /** 0, the default, lets the system choose. */
  readonly port?: number
  /** A loopback address; 127.0.0.1 unless told otherwise. */
  readonly host?: string
  /** Issuer identifier; the address listened on unless told otherwise. */
  readonly issuer?: string
  /** Default: one hour. */
  readonly accessTokenLifetimeS?: number
  /** Private signing keys, the first one signs: give those of an earlier OP for a restart, others for a rotation. */
  readonly jwks?: { readonly keys: readonly JWK[] }
  readonly now?: () => number
}

/** Requests seen, by what they were for. */
type OpRequests = Record<
  'discovery' | 'jwks' | 'authorization' | 'token' | 'endSession' | 'interaction' | 'other',
  number
>

export type OpenIdProvider = Signer & {
  readonly issuer: string
  readonly port: number
  /** The private keys, so that another OP can be started with them. */
  readonly jwks: { readonly keys: readonly JWK[] }
  readonly requests: Readonly<OpRequests>
  /** Sign-ins completed with every factor the user has. */
  readonly signIns: number
  /** Parameters of the latest authorization request, as the client sent them. */
  readonly lastAuthorizationRequest: URLSearchParams | undefined
  /** The `sub` of a user. */
  subjectOf(userName: string): string
  close(): Promise<void>
}

const endpointOf: Readonly<Record<string, keyof OpRequests>> = {
  '/.well-known/openid-configuration': 'discovery',
  '/jwks': 'jwks',
  '/auth': 'authorization',
  '/token': 'token',
  '/session/end': 'endSession',
}

/**
 * Starts a real OpenID Provider on plain HTTP at a loopback address: certified protocol code, users with password and
 * TOTP, everything in memory. Rejects with the system's error if the port is taken.
 */
export async function startOpenIdProvider(options: OpenIdProviderOptions): Promise<OpenIdProvider> {
  const now = options.now ?? Date.now
  const lifetimeS = options.accessTokenLifetimeS ?? 3600
  const host = options.host ?? '127.0.0.1'
  const keys = [...(options.jwks?.keys ?? [await newSigningKey()])]
  const [key] = keys
  if (key === undefined) throw new TypeError('an OpenID Provider needs a signing key')

  const server = createServer()
  const port = await listen(server, host, options.port ?? 0)
  const issuer = options.issuer ?? `http://${host}:${port}`
  const accounts = createAccounts(options.users)
  const { audience, clients } = options
  const signingAlg = key.alg ?? 'RS256'
  const cookiePrefix = `op${port}_`
  const provider = new Provider(
    issuer,
    opConfiguration({
      accounts,
      clients,
      audience,
      accessTokenLifetimeS: lifetimeS,
      jwks: { keys },
      signingAlg,
      cookiePrefix,
    }),
  )
  const requests: OpRequests = {
    discovery: 0,
    jwks: 0,
    authorization: 0,
    token: 0,
    endSession: 0,
    interaction: 0,
    other: 0,
  }
  let signIns = 0
  let lastAuthorizationRequest: URLSearchParams | undefined
  const interact = createInteractionHandler({ provider, accounts, now, onSignIn: () => signIns++ })
  const speakProtocol = provider.callback()

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer)
    if (pathname.startsWith('/interaction/')) {
      requests.interaction++
      interact(request, response).catch(() => response.writeHead(500).end())
      return
    }
    const endpoint = endpointOf[pathname] ?? 'other'
    requests[endpoint]++
    if (endpoint === 'authorization') {
      lastAuthorizationRequest = new URLSearchParams(searchParams)
      request.url = `${pathname}?${withConsent(searchParams)}`
    }
    speakProtocol(request, response)
  })

  const clientId = clients[0]?.clientId ?? 'client'
  return {
    ...createSigner({ issuer, audience, clientId, lifetimeS, accounts, key, now }),
    issuer,
    port,
    jwks: { keys },
    requests,
    get signIns() {
      return signIns
    },
    get lastAuthorizationRequest() {
      return lastAuthorizationRequest
    },
    subjectOf,
    close: () => closeServer(server),
  }
}

/**
 * A refresh token is for clients that asked for consent (OIDC Core 11). Here consent is always given, so the request
 * for `offline_access` implies asking for it, as it does with most company OPs. `prompt=none` stays alone: it allows no
 * other.
 */
function withConsent(parameters: URLSearchParams): URLSearchParams {
  const prompts = (parameters.get('prompt') ?? '').split(' ').filter(Boolean)
  const scopes = (parameters.get('scope') ?? '').split(' ')
  if (scopes.includes('offline_access') && !prompts.includes('none') && !prompts.includes('consent')) {
    parameters.set('prompt', [...prompts, 'consent'].join(' '))
  }
  return parameters
}
