/**
 * Which endpoint URLs of the OP are acceptable. Its metadata (OIDC Discovery 3) names them; browsers and Torhaus use
 * them.
 */

import { isPlainHttp } from '../../config/url-rules.ts'

/** Without these nobody could sign in, or be believed. */
const REQUIRED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri']

/**
 * What is wrong with the metadata, in words; undefined: nothing. Every endpoint counts, also one that is not used
 * today.
 */
export function faultOfMetadata(metadata: Readonly<Record<string, unknown>>, issuer: string): string | undefined {
  const missing = REQUIRED.find(name => metadata[name] === undefined)
  if (missing !== undefined) return `the metadata of the OP has no ${missing}`
  for (const [name, value] of Object.entries(metadata)) {
    if (name !== 'jwks_uri' && !name.endsWith('_endpoint')) continue
    const wrong = faultOfEndpoint(value, issuer)
    if (wrong !== undefined) return `the metadata of the OP is refused: its ${name} (${shown(value)}) ${wrong}`
  }
  return undefined
}

/** An OP that is reached over TLS says nothing of weight over plain HTTP (OIDC Core 3.1.2.1, 3.1.3.1; RFC 9700 2.6). */
export function faultOfEndpoint(value: unknown, issuer: string): string | undefined {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (url === null) return 'is no absolute URL'
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'is no http or https URL'
  if (url.protocol === 'http:' && !isPlainHttp(issuer)) return 'is plain HTTP, but the issuer is https'
  if (url.username !== '' || url.password !== '') return 'carries credentials'
  // RFC 6749 3.1 and 3.2.
  return url.hash === '' ? undefined : 'has a fragment'
}

const MAX_SHOWN = 200

const shown = (value: unknown) => JSON.stringify(value).slice(0, MAX_SHOWN)
