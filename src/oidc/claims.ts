import type { Evidence } from '../exchange.ts'

/** Claims of a verified token. */
export type Claims = Readonly<Record<string, unknown>>

/** What the claims say of how the person authenticated. A claim of the wrong type counts as missing. */
export function evidenceFrom(claims: Claims): Evidence {
  return {
    acr: typeof claims.acr === 'string' ? claims.acr : undefined,
    acrs: strings(claims.acrs),
    amr: strings(claims.amr),
    authTime: Number.isSafeInteger(claims.auth_time) ? Number(claims.auth_time) : undefined,
  }
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : typeof value === 'string' ? [value] : []
