import type { ProviderSettings } from '../../config/schema.ts'

type Settings = Pick<ProviderSettings, 'acrValues' | 'claims' | 'requestFactorBy'>
type ClaimsRequest = Readonly<Record<string, unknown>>

/** The claims about the factor in the ID token. The OP is asked for them in only one way. */
const FACTOR_CLAIMS = ['acr', 'acrs']

/**
 * The parameters by which an OP is asked for a class of authentication: `acr_values` (OIDC Core 3.1.2.1), or an
 * essential claim (5.5.1.1). Two that say different things would be answered by either. `wanted`: in place of the
 * configured one; empty: that.
 */
export function factorParameters(
  { requestFactorBy, acrValues, claims }: Settings,
  wanted: readonly string[],
): Record<string, string> {
  const values = wanted.length === 0 ? acrValues : wanted
  const rest = wanted.length === 0 ? claims : withoutFactor(claims)
  if (values.length === 0 || requestFactorBy === 'nothing') return claimsParameter(rest)
  if (requestFactorBy === 'acr_values') return { acr_values: values.join(' '), ...claimsParameter(rest) }
  const [value] = values
  const asked = { essential: true, ...(values.length === 1 ? { value } : { values }) }
  const name = requestFactorBy === 'claims.acr' ? 'acr' : 'acrs'
  return claimsParameter({ ...rest, id_token: { ...membersOf(rest?.id_token), [name]: asked } })
}

const claimsParameter = (claims: ClaimsRequest | undefined): Record<string, string> =>
  claims === undefined ? {} : { claims: JSON.stringify(claims) }

function withoutFactor(claims: ClaimsRequest | undefined): ClaimsRequest | undefined {
  if (claims === undefined) return undefined
  const others = Object.entries(membersOf(claims.id_token)).filter(([name]) => !FACTOR_CLAIMS.includes(name))
  const { id_token: _, ...rest } = claims
  const left = others.length === 0 ? rest : { ...rest, id_token: Object.fromEntries(others) }
  return Object.keys(left).length === 0 ? undefined : left
}

const membersOf = (value: unknown): ClaimsRequest =>
  typeof value === 'object' && value !== null ? (value as ClaimsRequest) : {}
