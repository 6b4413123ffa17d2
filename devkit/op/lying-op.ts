/**
 * An OP that says what the test tells it to say: correct until `tell` or `behave` changes it. Nobody has to type a
 * password: the authorization endpoint sends the browser straight back. Refresh tokens rotate; a spent one is refused
 * (RFC 9700 4.14.2).
 */

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { CompactSign, type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload } from 'jose'
import { agreed } from '../torhaus/torhaus-config.ts'
import { closeServer } from './close-server.ts'
import { secondFactorAcr } from './configuration.ts'
import { formPostPage } from './form-post-page.ts'
import { listen } from './listen.ts'

/** Signs with the OP's key, or another; `payload` may be any text. */
type Sign = (
  header: { alg: string; kid?: string; typ?: string },
  payload: JWTPayload | string,
  key?: CryptoKey | Uint8Array,
) => Promise<string>

/** What an honest OP would put into the ID token. */
export type Truth = {
  readonly header: { readonly alg: string; readonly kid: string }
  readonly claims: JWTPayload
  readonly publicKey: JWK
  readonly sign: Sign
}

export type Telling = (truth: Truth) => string | Promise<string>
/** At a refresh: as it should be, `invalid_grant`, a broken connection, no answer before `answer()` is called. */
type RefreshBehaviour = 'grant' | 'refuse' | 'break' | 'wait'

export type LyingOp = {
  readonly issuer: string
  /** Of what it signs now. */
  readonly header: Truth['header']
  readonly publicKey: JWK
  readonly sign: Sign
  /** Requests for tokens with a code, and with a refresh token. */
  readonly requests: { codes: number; refreshes: number; jwks: number }
  /** Of the latest authorization request. */
  readonly asked: URLSearchParams
  /** The latest token request: its form, and who says to be asking. */
  readonly tokenRequest: TokenRequest
  /** How ID tokens are made from now on; honestly without an argument. */
  tell(idToken?: Telling): void
  /** Parameters of the authorization response, made from the right ones. */
  respond(change?: (parameters: URLSearchParams) => void): void
  onRefresh(behaviour: RefreshBehaviour): void
  /** Who signs in from now on: `ada` otherwise. */
  welcome(name: string): void
  /** From now on it signs with a new key, and publishes the old one beside it, or withdraws it. */
  exchangeKeys(old?: 'published' | 'withdrawn'): Promise<void>
  /** What it says of itself, made from the right metadata; honestly without an argument. */
  describe(change?: (metadata: Metadata) => object): void
  /** Something of the test's own is served at that path; without an argument what belongs there. */
  answerAt(path: string, answer?: RequestListener): void
  /** Client secrets that are accepted; without an argument, any. */
  acceptSecrets(secrets?: readonly string[]): void
  /** Lets the refreshes that wait go on. */
  answer(): void
  close(): Promise<void>
}

type TokenRequest = { readonly form: URLSearchParams; readonly authorization: string | undefined }

/** What came of a code or refresh token. */
type Spent = { readonly nonce: string | null; readonly name: string } | 'refused' | 'broken'

const TOKEN_LIFETIME_S = 3600

/** `tls`: certificate and key in PEM, for an issuer of https. */
export async function startLyingOp(tls?: { readonly cert: string; readonly key: string }): Promise<LyingOp> {
  const keys = [await newKey(1)]
  let keysMade = 1
  const currentKey = () => keys[0] as OpKey
  const sign: Sign = (protectedHeader, payload, key = currentKey().privateKey) => {
    const bytes = new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload))
    return new CompactSign(bytes).setProtectedHeader(protectedHeader).sign(key)
  }
  const codes = new Map<string, { readonly nonce: string | null; readonly name: string }>()
  /** By token, whose it is. */
  const refreshTokens = new Map<string, string>()
  const requests = { codes: 0, refreshes: 0, jwks: 0 }
  let telling: Telling = honestly
  let respond = (_: URLSearchParams): void => undefined
  let behaviour: RefreshBehaviour = 'grant'
  let secrets: readonly string[] | undefined
  let welcome = 'ada'
  let waiting: (() => void)[] = []
  let asked = new URLSearchParams()
  let tokenRequest: TokenRequest = { form: new URLSearchParams(), authorization: undefined }

  let describe = (right: Metadata): object => right
  const ownAnswers = new Map<string, RequestListener>()

  const onRequest: RequestListener = (request, response) => {
    serve(request, response).catch(() => response.destroy())
  }
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest)
  const issuer = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer)
    if (pathname === '/jwks') requests.jwks++
    const own = ownAnswers.get(pathname)
    if (own !== undefined) return own(request, response)
    if (pathname === '/.well-known/openid-configuration') return json(response, 200, describe(metadata(issuer)))
    if (pathname === '/jwks') return json(response, 200, { keys: keys.map(({ publicKey }) => publicKey) })
    if (pathname === '/authorize') return authorize(searchParams, response)
    if (pathname === '/token' && secrets !== undefined && !secrets.includes(secretOf(request)))
      return json(response, 401, { error: 'invalid_client' })
    if (pathname === '/token') {
      tokenRequest = { form: new URLSearchParams(await text(request)), authorization: request.headers.authorization }
      return grant(tokenRequest.form, response)
    }
    if (pathname === '/leave') return leave(searchParams.get('frame') ?? '', response)
    json(response, 404, {})
  }

  function authorize(parameters: URLSearchParams, response: ServerResponse): void {
    asked = parameters
    const code = randomUUID()
    codes.set(code, { nonce: asked.get('nonce'), name: welcome })
    const back = new URL(asked.get('redirect_uri') ?? '')
    back.search = new URLSearchParams({ code, state: asked.get('state') ?? '' }).toString()
    respond(back.searchParams)
    if (asked.get('response_mode') === 'form_post') return formPostPage(back, response)
    response.writeHead(303, { Location: back.href }).end()
  }

  async function grant(form: URLSearchParams, response: ServerResponse): Promise<void> {
    const spent = form.get('grant_type') === 'refresh_token' ? await spendRefreshToken(form) : spendCode(form)
    if (spent === 'broken') return void response.destroy()
    if (spent === 'refused') return json(response, 400, { error: 'invalid_grant' })
    const refreshToken = randomUUID()
    refreshTokens.set(refreshToken, spent.name)
    const idToken = await telling(truth(spent))
    const tokens = { access_token: randomUUID(), refresh_token: refreshToken, id_token: idToken }
    json(response, 200, { ...tokens, token_type: 'Bearer', expires_in: TOKEN_LIFETIME_S })
  }

  function spendCode(form: URLSearchParams): Spent {
    requests.codes++
    const code = form.get('code') ?? ''
    const issued = codes.get(code)
    codes.delete(code)
    return issued ?? 'refused'
  }

  async function spendRefreshToken(form: URLSearchParams): Promise<Spent> {
    requests.refreshes++
    if (behaviour === 'break') return 'broken'
    if (behaviour === 'wait') await new Promise<void>(resolve => waiting.push(resolve))
    const token = form.get('refresh_token') ?? ''
    const name = refreshTokens.get(token)
    refreshTokens.delete(token)
    return behaviour === 'refuse' || name === undefined ? 'refused' : { nonce: null, name }
  }

  function truth({ nonce, name }: { readonly nonce: string | null; readonly name: string }): Truth {
    const iat = Math.floor(Date.now() / 1000)
    const person = { sub: `subject-of-${name}`, preferred_username: name, acr: secondFactorAcr, auth_time: iat }
    return {
      ...{ header: currentKey().header, publicKey: currentKey().publicKey, sign },
      claims: {
        ...{ iss: issuer, aud: agreed.clientId, iat, exp: iat + TOKEN_LIFETIME_S, ...person },
        ...(nonce === null ? {} : { nonce }),
      },
    }
  }

  return {
    ...{ issuer, requests, sign },
    get asked() {
      return asked
    },
    get tokenRequest() {
      return tokenRequest
    },
    get header() {
      return currentKey().header
    },
    get publicKey() {
      return currentKey().publicKey
    },
    tell(idToken = honestly) {
      telling = idToken
    },
    respond(change = () => undefined) {
      respond = change
    },
    async exchangeKeys(old = 'published') {
      keys.unshift(await newKey(++keysMade))
      if (old === 'withdrawn') keys.length = 1
    },
    describe(change = right => right) {
      describe = change
    },
    answerAt(path, answer) {
      if (answer === undefined) ownAnswers.delete(path)
      else ownAnswers.set(path, answer)
    },
    acceptSecrets(accepted) {
      secrets = accepted
    },
    onRefresh(next) {
      behaviour = next
    },
    welcome(name) {
      welcome = name
    },
    answer() {
      for (const resolve of waiting) resolve()
      waiting = []
    },
    close: () => closeServer(server),
  }
}

/** RFC 6749 2.3.1. */
function secretOf({ headers }: IncomingMessage): string {
  const [, encoded = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? []
  const [, secret = ''] = Buffer.from(encoded, 'base64').toString().split(':')
  return decodeURIComponent(secret)
}

type OpKey = { readonly privateKey: CryptoKey; readonly publicKey: JWK; readonly header: Truth['header'] }

async function newKey(number: number): Promise<OpKey> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const header = { alg: 'RS256', kid: `key-${number}` }
  return { privateKey, header, publicKey: { ...(await exportJWK(publicKey)), ...header, use: 'sig' } }
}

const honestly: Telling = ({ sign, header, claims }) => sign(header, claims)

export type Metadata = ReturnType<typeof metadata>

/** It even claims to use the algorithms that must never be accepted. */
const metadata = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
  code_challenge_methods_supported: ['S256'],
})

/** As an OP's page that signs people out elsewhere, too, does it: a frame for each place. */
function leave(frame: string, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/html' })
  response.end(`<!doctype html><iframe src="${frame.replaceAll('&', '&amp;')}"></iframe>`)
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}
