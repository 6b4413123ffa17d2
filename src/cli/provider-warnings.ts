/** What an OP is believed without saying it, and what it will never be able to say. */
import type { Config, ProviderSettings } from '../../config/schema.ts'

type Provider = ProviderSettings
type SecondFactor = Config['secondFactor']

/** `path`: where the provider stands in the file. */
export function providerWarnings(provider: Provider, path: string, secondFactor: SecondFactor): string[] {
  return [...believed(provider, path), ...unprovable(provider, path, secondFactor)]
}

function believed({ policyGuaranteesFactor, authTimeFromSignIn }: Provider, path: string): string[] {
  const warnings: string[] = []
  if (policyGuaranteesFactor !== undefined)
    warnings.push(
      `${path}.policyGuaranteesFactor: every sign-in at this OP counts as one with a second factor, whatever its tokens say (${policyGuaranteesFactor.reason}): an exception in its policy applies here, too`,
    )
  if (authTimeFromSignIn !== undefined)
    warnings.push(
      `${path}.authTimeFromSignIn: a sign-in is dated to when it began (${authTimeFromSignIn.reason}): make sure that this OP honours prompt=login`,
    )
  return warnings
}

function unprovable(provider: Provider, path: string, { acceptAcr, acceptAcrs, acceptAmr, rules }: SecondFactor) {
  const { profile, requestFactorBy, policyGuaranteesFactor, bearer } = provider
  const warnings: string[] = []
  const saysClaims = acceptAcr.length + acceptAcrs.length + acceptAmr.length > 0
  const strict = rules.filter(({ acceptAcr: acr, maxAgeSeconds: age }) => acr !== undefined || age !== undefined)
  if (policyGuaranteesFactor !== undefined && !saysClaims)
    for (const { name } of strict)
      warnings.push(
        `secondFactor.rules: ${name} sets an age or an acr, which ${path}.policyGuaranteesFactor never satisfies, and no claim is accepted: it refuses everyone`,
      )
  if (requestFactorBy === 'nothing')
    for (const { name } of strict.filter(({ acceptAcr: acr }) => acr !== undefined))
      warnings.push(
        `secondFactor.rules: ${name} requires an acr, but ${path}.requestFactorBy is nothing: the OP is not asked for it`,
      )
  if (profile === 'entra' && acceptAcrs.length === 0 && policyGuaranteesFactor === undefined)
    warnings.push(
      'secondFactor.acceptAcrs: is empty, but tokens of Entra ID have neither amr nor a meaningful acr: nobody will pass (docs/providers/entra.md)',
    )
  if (profile === 'okta' && bearer !== undefined)
    warnings.push(
      `${path}.bearer: access tokens of Okta do not say how and when a person signed in, so they prove no second factor (docs/providers/okta.md)`,
    )
  return warnings
}
