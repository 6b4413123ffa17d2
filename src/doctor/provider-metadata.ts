/** What an OP says of itself, and whether that is enough. */
import { isRecord } from '../../config/is-record.ts'
import type { NamedProvider } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import { ask } from './ask.ts'
import type { Finding } from './finding.ts'

export type Metadata = Readonly<Record<string, unknown>>

/** Undefined where that is no JSON, or no object. */
export function objectIn(text: string): Metadata | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

export const textIn = (metadata: Metadata, name: string): string | undefined => {
  const value = metadata[name]
  return typeof value === 'string' ? value : undefined
}

const listIn = (metadata: Metadata, name: string): readonly unknown[] | undefined => {
  const value = metadata[name]
  return Array.isArray(value) ? value : undefined
}

/** What is listed there is a promise; what is not listed may work all the same. */
export function promiseFindings(
  metadata: Metadata,
  { settings, path }: NamedProvider,
  secondFactor: Config['secondFactor'],
): Finding[] {
  const findings: Finding[] = []
  const lacks = (option: string, list: string, wanted: readonly string[], why: string) => {
    const offered = listIn(metadata, list)
    const missing = wanted.filter(value => offered?.includes(value) === false)
    if (missing.length === 0) return
    const what = `the OP does not list ${missing.join(', ')} in ${list}`
    const remedy = `it lists ${offered?.join(', ') || 'none'}: use one of these, or have it added at the OP`
    findings.push({ what, why, remedy, option, severity: 'warning' })
  }
  const why = 'a second factor that the OP never states is never proven, so nobody passes'
  if (secondFactor.acceptAmr.length + secondFactor.acceptAcrs.length === 0)
    lacks('secondFactor.acceptAcr', 'acr_values_supported', secondFactor.acceptAcr, why)
  lacks(`${path}.acrValues`, 'acr_values_supported', settings.acrValues, 'the OP may not ask for the second factor')
  lacks(`${path}.scopes`, 'scopes_supported', settings.scopes, 'the OP may refuse the sign-in, or leave claims out')
  lacks(path, 'code_challenge_methods_supported', ['S256'], 'PKCE keeps stolen codes from being used')
  return findings
}

/** RFC 7517 5. */
export async function keyFindings(metadata: Metadata, { settings, path }: NamedProvider): Promise<Finding[]> {
  const url = textIn(metadata, 'jwks_uri') ?? ''
  const problem = await ask(new URL(url), { timeoutMs: settings.timeoutMs }).then(
    ({ status, text }) => (status === 200 ? keyProblem(text) : `answers ${status}`),
    (error: Error) => `cannot be read: ${error.message}`,
  )
  if (problem === undefined) return []
  const why = 'no token of the OP can be verified: nobody can sign in'
  return [
    { what: `${url} ${problem}`, why, remedy: 'have it fixed at the OP', option: `${path}.issuer`, severity: 'error' },
  ]
}

function keyProblem(text: string): string | undefined {
  const keySet = objectIn(text)
  if (keySet === undefined) return 'is not JSON'
  const signs = (key: unknown) =>
    isRecord(key) && key.kty !== undefined && key.kty !== 'oct' && (key.use ?? 'sig') === 'sig'
  return listIn(keySet, 'keys')?.some(signs) === true ? undefined : 'contains no signing key'
}
