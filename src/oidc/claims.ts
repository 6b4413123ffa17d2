import type { Evidence } from '../exchange.ts'

/** Claims of a verified token. */
export type Claims = Readonly<Record<string, unknown>>

/** What the claims say of how the person authenticated. A claim of the wrong type counts as missing. */
export function evidenceFrom(claims: Claims): Evidence {
  return {
    acr: typeof claims.acr === 'string' ? claims.acr : undefined,
    acrs: strings(claims.acrs),
    amr: strings(claims.amr),
    authTime: isNumericDate(claims.auth_time) ? Math.floor(claims.auth_time) : undefined,
  }
}

/** The end of the year 9999, in seconds: what is later is no time of anybody. */
const LAST_DATE_S = 253_402_300_799

/** RFC 7519 2: seconds since the epoch, with a fraction or without. 1e300 is a number, and no date. */
export const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= LAST_DATE_S

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : typeof value === 'string' ? [value] : []
