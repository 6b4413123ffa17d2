/** What a valid configuration opens that its owner may not know of. */
import { providersOf } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import { providerWarnings } from './provider-warnings.ts'

export const configWarnings = (
  config: Pick<Config, 'credentials' | 'oidc' | 'providers' | 'secondFactor'>,
): string[] => [
  ...credentialWarnings(config),
  ...providersOf(config).flatMap(({ settings, path }) => providerWarnings(settings, path, config.secondFactor)),
]

function credentialWarnings({ credentials }: Pick<Config, 'credentials'>): string[] {
  const { patProof, patPolicy, personalAccessTokens, keepCookiesBesideTokens } = credentials
  const warnings: string[] = []
  const opens =
    'whatever has the shape of one reaches the server without a second factor: what the server shows to anybody is then open to everybody'
  if (personalAccessTokens.length > 0 && (patProof === undefined || patProof.off))
    warnings.push(`credentials.patProof: personal access tokens are not proven, so ${opens}`)
  else if (patProof?.reportOnly === true)
    warnings.push(`credentials.patProof.reportOnly: personal access tokens that are not proven pass, so ${opens}`)
  else if (patProof?.unreadable === 'forward' && patProof.profile === 'azure-devops')
    warnings.push(
      `credentials.patProof.unreadable: the server cannot tell a made-up token from one of narrow scope, so ${opens}`,
    )
  if (patPolicy.confirm !== 'never' && patPolicy.reportOnly)
    warnings.push('credentials.patPolicy.reportOnly: nobody is asked to confirm yet, so unconfirmed tokens pass')
  if (keepCookiesBesideTokens)
    warnings.push(
      'credentials.keepCookiesBesideTokens: a stolen cookie of the server beside a token acts as whoever it belongs to',
    )
  return warnings
}
