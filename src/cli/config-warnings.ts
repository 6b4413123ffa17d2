/** What a valid configuration opens that its owner may not know of. */
import { accountTemplateWarnings } from '../../config/account-template.ts'
import { appearanceWarnings } from '../../config/appearance-rules.ts'
import { certificateWarnings } from '../../config/certificate-warnings.ts'
import { clientAddressWarnings } from '../../config/client-address-warnings.ts'
import type { Diagnostic } from '../../config/diagnostic.ts'
import { groupWarnings } from '../../config/group-rules.ts'
import { formerKerberosOptions, kerberosWarnings } from '../../config/kerberos-rules.ts'
import { keyFileWarnings } from '../../config/key-files.ts'
import { isLoopbackAddress } from '../../config/loopback.ts'
import { providersOf } from '../../config/providers.ts'
import { ruleWarnings } from '../../config/rule-warnings.ts'
import type { Config } from '../../config/schema.ts'
import { provesServerTokens } from '../pats/proves-server-tokens.ts'
import { providerWarnings } from './provider-warnings.ts'

/** About the files that a configuration names. */
export const fileWarnings = (config: Config, nowMs: number): Diagnostic[] => [
  ...keyFileWarnings(config),
  ...certificateWarnings(config, nowMs),
  ...appearanceWarnings(config),
]

/** About options, and what they come to together. */
export const allWarnings = (config: Config): string[] =>
  [configWarnings, accountTemplateWarnings, clientAddressWarnings, ruleWarnings, loopWarnings].flatMap(look =>
    look(config),
  )

export const configWarnings = (
  config: Pick<
    Config,
    'admin' | 'credentials' | 'groups' | 'kerberos' | 'listener' | 'oidc' | 'providers' | 'secondFactor'
  >,
): string[] => [
  ...accessWarnings(config),
  ...formerKerberosOptions(config),
  ...groupWarnings(config),
  ...kerberosWarnings(config),
  ...providersOf(config).flatMap(({ settings, path }) => providerWarnings(settings, path, config.secondFactor)),
]

/** Right where the name leads to the server from this machine, and nowhere else. */
function loopWarnings({
  publicUrl,
  ownPages,
  upstream,
}: Pick<Config, 'ownPages' | 'publicUrl' | 'upstream'>): string[] {
  const { origin, hostname } = new URL(upstream.url)
  const ours = { publicUrl, 'ownPages.publicUrl': ownPages.publicUrl }
  return Object.entries(ours).flatMap(([option, url]) =>
    url === undefined || new URL(url).origin !== origin
      ? []
      : [
          `upstream.url: is the same as ${option}: unless ${hostname} leads to the server on this machine, each request comes back to Torhaus and is refused (loop-detected)`,
        ],
  )
}

function accessWarnings({ credentials, admin }: Pick<Config, 'admin' | 'credentials'>): string[] {
  const { patProof, patPolicy, personalAccessTokens, serverTokenIssuers, keepCookiesBesideTokens } = credentials
  const warnings: string[] = []
  const opens =
    'anything shaped like one reaches the server without a second factor, and everyone can read what the server shows to anonymous users'
  if (personalAccessTokens.length > 0 && (patProof === undefined || patProof.off))
    warnings.push(`credentials.patProof: personal access tokens are not proven, so ${opens}`)
  else if (patProof?.reportOnly === true)
    warnings.push(`credentials.patProof.reportOnly: personal access tokens that are not proven pass, so ${opens}`)
  else if (patProof?.unreadable === 'forward' && patProof.profile === 'azure-devops')
    warnings.push(
      `credentials.patProof.unreadable: the server cannot tell a made-up token from one of narrow scope, so ${opens}`,
    )
  if (patPolicy.confirm !== 'never' && patPolicy.reportOnly)
    warnings.push('credentials.patPolicy.reportOnly: confirmation is not enforced yet, so unconfirmed tokens pass')
  if (serverTokenIssuers.length > 0 && !provesServerTokens(patProof))
    warnings.push(`credentials.serverTokenIssuers: JWTs that name one of these are not proven, so ${opens}`)
  if (keepCookiesBesideTokens)
    warnings.push(
      'credentials.keepCookiesBesideTokens: a stolen cookie of the server, sent beside a token, acts as the owner of the cookie',
    )
  if (admin.tls === undefined && !isLoopbackAddress(admin.host))
    warnings.push('admin.tls: without it, the credential of the admin listener can be read in transit')
  return warnings
}
