import type { Code } from '../errors.ts'

export interface ChallengeSettings {
  readonly offer: readonly ('Bearer' | 'Basic')[]
  readonly realm: string
}

/**
 * Challenge fields, one line per scheme: build agents look for a value with Bearer in it, clients with a personal access
 * token for one that begins with Basic, and neither reads a joined list. A refused access token is named as such (RFC 6750 3.1).
 */
export function challengeFields({ offer, realm }: ChallengeSettings, code?: Code): string[] {
  const quoted = realm.replaceAll(/["\\]/g, '\\$&')
  const error = code?.startsWith('bearer-') === true ? ` error="invalid_token", error_description="${code}"` : ''
  return offer.flatMap(scheme => [
    'WWW-Authenticate',
    scheme === 'Basic' ? `Basic realm="${quoted}"` : `Bearer${error}`,
  ])
}
