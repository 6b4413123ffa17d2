/** Validates logout tokens of the OP (OIDC Back-Channel Logout 1.0) by all checks of 2.6, including the optional ones. */

import { type JWTPayload, type JWTVerifyResult, jwtVerify } from 'jose'
import { isRecord } from '../../config/is-record.ts'
import type { ProviderSettings } from '../../config/schema.ts'
import type { Clock } from '../clock.ts'
import { Fault } from '../errors.ts'
import { verificationCode } from './access-token.ts'
import type { OpKeys } from './op-keys.ts'
import { SIGNATURE_ALGORITHMS } from './signature-algorithms.ts'

/** Whom the OP has signed out: one of its sessions, or all sessions of a subject. */
export interface LoggedOut {
  readonly subject: string | undefined
  readonly opSessionId: string | undefined
  /** By the clock of the OP, in seconds. */
  readonly issuedAtS: number
}

export interface LogoutToken extends LoggedOut {
  /** The `jti`. */
  readonly id: string
  /** From then on it is refused for its age: until then it must be remembered. */
  readonly expiresAtMs: number
}

export interface LogoutTokenParts {
  readonly keys: OpKeys
  readonly settings: Pick<ProviderSettings, 'clientId' | 'clockToleranceSeconds'>
  readonly now: Clock
}

/**
 * RFC 8725 3.11. Some OPs send no type, or the one of every JWT: then `events` alone tells a logout token from others.
 */
const TYPES = ['logout+jwt', 'application/logout+jwt', 'jwt']

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * The specification recommends a life of two minutes at most (4); whatever `exp` says, a token is not good for longer
 * than this.
 */
const MAX_AGE_S = 300
/** Also where less is configured for ID tokens: to leave is never too early. */
const MIN_CLOCK_TOLERANCE_S = 60

/**
 * Verifies a compact JWS. Rejects with `logout-token-invalid`, whose cause says why, or with `op-unreachable` and the
 * like.
 */
export async function verifyLogoutToken(
  token: string,
  { keys, settings, now }: LogoutTokenParts,
): Promise<LogoutToken> {
  const { resolve, issuer } = await keys.keySet()
  const clockTolerance = Math.max(MIN_CLOCK_TOLERANCE_S, settings.clockToleranceSeconds)
  try {
    const verified = await jwtVerify(token, resolve, {
      issuer,
      audience: settings.clientId,
      algorithms: SIGNATURE_ALGORITHMS,
      clockTolerance,
      maxTokenAge: MAX_AGE_S,
      currentDate: new Date(now()),
    })
    return accept(verified, clockTolerance)
  } catch (error) {
    if (error instanceof Fault) throw error
    verificationCode(error)
    throw new Fault('logout-token-invalid', error)
  }
}

function accept({ payload, protectedHeader }: JWTVerifyResult, toleranceSeconds: number): LogoutToken {
  const { typ } = protectedHeader
  const { exp, iat, jti, sub, sid, events } = payload
  if (typ !== undefined && !TYPES.includes(typ.toLowerCase())) refuse(`typ is ${typ}`)
  // jose checks that these are numbers; 1e300 is one, and no time.
  if (!isTime(exp) || !isTime(iat)) return refuse('exp or iat is no time')
  if (!isText(jti)) return refuse('jti is no text')
  if (!isRecord(events) || !isRecord(events[EVENT])) return refuse('events does not contain a logout event')
  // Prohibited (2.4), so that it can never be taken for an ID token.
  if ('nonce' in payload) refuse('there is a nonce')
  if (sub === undefined && sid === undefined) refuse('neither sub nor sid')
  return {
    id: jti,
    subject: textOf(payload, 'sub'),
    opSessionId: textOf(payload, 'sid'),
    issuedAtS: iat,
    expiresAtMs: (Math.min(exp, iat + MAX_AGE_S) + toleranceSeconds) * 1000,
  }
}

function textOf(payload: JWTPayload, name: 'sub' | 'sid'): string | undefined {
  const value = payload[name]
  return value === undefined || isText(value) ? value : refuse(`${name} is no text`)
}

function refuse(why: string): never {
  throw new Fault('logout-token-invalid', new Error(why))
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
