import { isRecord } from '../../config/is-record.ts'
import type { ProviderSettings } from '../../config/schema.ts'
import type { Evidence } from '../exchange.ts'

/** Claims of a verified token. */
export type Claims = Readonly<Record<string, unknown>>

/** Under which names a kind of token says how a person authenticated. */
export type EvidenceNames = Pick<ProviderSettings['idToken'], 'acr' | 'acrs' | 'amr' | 'authTime'>

const USUAL_NAMES: EvidenceNames = { acr: 'acr', acrs: 'acrs', amr: ['amr'], authTime: 'auth_time' }

/** Evidence in the claims of how the person authenticated. A claim of the wrong type counts as missing. */
export function evidenceFrom(claims: Claims, names: EvidenceNames = USUAL_NAMES): Evidence {
  const acr = claimAt(claims, names.acr)
  const authTime = claimAt(claims, names.authTime)
  return {
    acr: typeof acr === 'string' ? acr : undefined,
    acrs: strings(claimAt(claims, names.acrs)),
    amr: names.amr.flatMap(name => strings(claimAt(claims, name))),
    authTime: isNumericDate(authTime) ? Math.floor(authTime) : undefined,
  }
}

/** An authentication time in the future, within the clock tolerance, is replaced by now. */
export function notAhead(evidence: Evidence, toleranceSeconds: number, nowMs: number): Evidence {
  const nowS = Math.floor(nowMs / 1000)
  const { authTime } = evidence
  const isAhead = authTime !== undefined && authTime > nowS && authTime <= nowS + toleranceSeconds
  return isAhead ? { ...evidence, authTime: nowS } : evidence
}

/** The claim of that name; if there is none, the one at a path with dots, such as Keycloak's `realm_access.roles`. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  const [first, ...rest] = name.split('.')
  if (first === undefined || rest.length === 0 || !Object.hasOwn(claims, first)) return undefined
  const inner = claims[first]
  return isRecord(inner) ? claimAt(inner, rest.join('.')) : undefined
}

/** The end of the year 9999, in seconds: what is later is no time of anybody. */
const LAST_DATE_S = 253_402_300_799

/** RFC 7519 2: seconds since the epoch, with a fraction or without. 1e300 is a number, and no date. */
export const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= LAST_DATE_S

export const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : typeof value === 'string' ? [value] : []
