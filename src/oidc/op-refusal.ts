/**
 * Describes an answer of an OP for the log: the endpoint, the status, error and description (RFC 6749 4.1.2.1, 5.2),
 * which claims arrived and what was expected. Bounded and without control characters; the only claim values are those
 * about how a person signed in.
 */
import * as client from 'openid-client'
import type { StepUp } from '../decision.ts'
import type { Evidence } from '../exchange.ts'
import { missingClaims } from './account.ts'
import { type Claims, claimAt, type EvidenceNames } from './claims.ts'

const MAX_TEXT_LENGTH = 500
const MAX_CLAIMS = 50

/** As the OP wrote it, as far as it may stand in a log. */
export function said(text: unknown): string {
  const clean = String(text).replaceAll(/[^\x20-\x7e\xa0-\uffff]+/g, ' ')
  return clean.length > MAX_TEXT_LENGTH ? `${clean.slice(0, MAX_TEXT_LENGTH)}...` : clean
}

const described = (error: unknown, description: unknown) =>
  description === undefined ? said(error) : `${said(error)}: ${said(description)}`

/** `endpoint`: the one that gave the answer. */
export function opRefusal(error: unknown, endpoint: string): Error {
  return new Error(`${endpoint}: ${wordsOf(error)}`, { cause: error })
}

function wordsOf(error: unknown): string {
  if (error instanceof client.AuthorizationResponseError) return described(error.error, error.error_description)
  if (error instanceof client.ResponseBodyError)
    return `${error.status} ${described(error.error, error.error_description)}`
  if (error instanceof client.WWWAuthenticateChallengeError) {
    const { error: code = 'without an error code', error_description: description } =
      error.cause.find(({ parameters }) => parameters.error !== undefined)?.parameters ?? {}
    return `${error.status} ${described(code, description)}`
  }
  // There is nothing else in an answer that the library knows and does not do.
  if (error instanceof client.ClientError && error.code === 'OAUTH_UNSUPPORTED_OPERATION')
    return 'the answer is encrypted: switch off encryption of ID tokens and userinfo for this client'
  const answer = answerIn(error)
  if (answer !== undefined) return `${answer.status} with ${said(answer.headers.get('content-type') ?? 'no type')}`
  return mismatch(error) ?? 'the answer cannot be accepted'
}

/** What is no answer of the protocol at all. */
const answerIn = (error: unknown) =>
  error instanceof client.ClientError && error.cause instanceof Response ? error.cause : undefined

/**
 * Whether the status means overload or an unreachable OP behind a proxy (RFC 9110 15.6, RFC 6585 4), which says
 * nothing about the request.
 */
export function isAwayByStatus(error: unknown): boolean {
  const status = error instanceof client.ResponseBodyError ? error.status : answerIn(error)?.status
  return status !== undefined && (status === 429 || status >= 500)
}

/** What the library says a claim, or a member of the metadata, should be. `now`: in seconds, where it is a time. */
interface Comparison {
  readonly expected?: unknown
  readonly claims?: Readonly<Record<string, unknown>>
  readonly claim?: unknown
  readonly body?: Readonly<Record<string, unknown>>
  readonly attribute?: unknown
  readonly now?: unknown
}

function mismatch(error: unknown): string | undefined {
  const root = error instanceof client.ClientError ? error.cause : error
  const detail = root instanceof Error ? root.cause : root
  if (typeof detail !== 'object' || detail === null) return undefined
  const { claims }: Comparison = detail
  const wrong = wrongValue(detail)
  const came = claims === undefined ? [] : [`claims received: ${namesOf(claims)}`]
  const all = [...(wrong === undefined ? [] : [wrong]), ...came]
  return all.length === 0 ? undefined : all.join('; ')
}

function wrongValue({ expected, claims, claim, body, attribute, now }: Comparison): string | undefined {
  const issuer = claim === 'iss' ? claims?.iss : attribute === 'issuer' ? body?.issuer : undefined
  if (issuer !== undefined) return `the issuer is ${said(issuer)}, not ${said(expected)}`
  if (claim === 'aud' && expected !== undefined)
    return `aud is ${said(JSON.stringify(claims?.aud))}, not ${said(expected)}`
  const time = claims?.[String(claim)]
  if (typeof now !== 'number' || typeof time !== 'number') return undefined
  const distanceS = Math.round(time - now)
  return `${claim} is ${Math.abs(distanceS)} s ${distanceS < 0 ? 'ago' : 'ahead'} by our clock: check the clocks of this machine and of the OP`
}

const namesOf = (claims: Readonly<Record<string, unknown>>) => said(Object.keys(claims).slice(0, MAX_CLAIMS).join(', '))

/** A sign-in that does not prove what it must. */
export function missingProof(
  claims: Claims,
  names: EvidenceNames,
  came: Evidence,
  wanted: StepUp,
  nowMs: number,
): Error {
  const values = Object.entries({ acr: came.acr, amr: came.amr, acrs: came.acrs, auth_time: came.authTime })
    .map(([name, value]) => `${name}=${value === undefined ? 'missing' : said(JSON.stringify(value))}`)
    .join(', ')
  const acr = wanted.acceptAcr === undefined ? 'as configured' : said(wanted.acceptAcr.join(' '))
  const aheadS = came.authTime === undefined ? 0 : Math.round(came.authTime - nowMs / 1000)
  const clock =
    aheadS > 0 ? `; auth_time is ${aheadS} s ahead by our clock: check the clocks of this machine and of the OP` : ''
  return new Error(
    `claims received: ${namesOf(claims)}; ${values}; required: acr ${acr}, auth_time at most ${wanted.maxAgeSeconds} s ago${clock}${unread(claims, names, came)}`,
  )
}

/** What came under the right name, in a form that says nothing: a time in milliseconds, a list in place of a text. */
function unread(claims: Claims, { acr, acrs, amr, authTime }: EvidenceNames, came: Evidence): string {
  const missing = [
    ...(came.acr === undefined ? [acr] : []),
    ...(came.acrs.length === 0 ? [acrs] : []),
    ...(came.amr.length === 0 ? amr : []),
    ...(came.authTime === undefined ? [authTime] : []),
  ]
  return missing
    .filter(name => !isEmpty(claimAt(claims, name)))
    .map(name => `; ${said(name)} cannot be read: ${said(JSON.stringify(claimAt(claims, name)))}`)
    .join('')
}

const isEmpty = (value: unknown) => value == null || (Array.isArray(value) && value.length === 0)

/** A sign-in whose claims give no account by that template, or none of this OP's. */
export function missingAccount(claims: Claims, template: string): Error {
  const missing = missingClaims(template, claims)
  const why = missing.length === 0 ? 'which does not match' : `but ${missing.join(', ')} is missing`
  return new Error(`claims received: ${namesOf(claims)}; the account is ${template}, ${why}`)
}
