/**
 * Why an access token is refused, for the log: what a token signed by the OP says, compared with what is configured.
 * Contains nothing about the person.
 */
import { errors, type JWTPayload, type JWTVerifyResult } from 'jose'
import type { ProviderSettings } from '../../config/schema.ts'
import { said } from './op-refusal.ts'

type Bearer = Pick<NonNullable<ProviderSettings['bearer']>, 'audiences' | 'tokenTypes'>

const value = (payload: JWTPayload, name: string) => `${name} is ${said(JSON.stringify(payload[name]) ?? 'missing')}`

/** Of a claim that `jwtVerify` did not accept; the signature was good. Undefined for what says enough by its code. */
export function whyClaimRefused(error: unknown, { audiences }: Bearer): string | undefined {
  if (!(error instanceof errors.JWTClaimValidationFailed)) return undefined
  const { claim, payload } = error
  if (claim === 'aud') return `${value(payload, 'aud')}; accepted: ${said(audiences.join(' '))}`
  return claim === 'iss' || payload[claim] === undefined ? value(payload, claim) : undefined
}

/** For a token whose type is not accepted here. */
export function whyTypeRefused({ payload, protectedHeader }: JWTVerifyResult, { tokenTypes }: Bearer): string {
  const typ = said(JSON.stringify(protectedHeader.typ) ?? 'missing')
  const names = said(Object.keys(payload).slice(0, MAX_NAMES).join(', '))
  return `the header has typ ${typ}, the claim ${value(payload, 'typ')}; accepted: ${tokenTypes}; claims received: ${names}`
}

const MAX_NAMES = 50

/** For a token with an unknown issuer, which anybody may have made. */
export const whyUnknown = (issuer: string, known: Iterable<string>): string =>
  `iss is ${said(issuer) || 'missing'}; known issuers: ${said([...known].join(' '))}`
