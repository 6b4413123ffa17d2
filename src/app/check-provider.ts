import type { NamedProvider } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../clock.ts'
import { accountNames } from '../identity/account-key.ts'
import { checkOp } from '../oidc/op-check.ts'
import type { Finding } from '../oidc/op-findings.ts'
import { redirectUriOf } from '../oidc/redirect-uri.ts'
import { newOpaqueId } from '../session/opaque-id.ts'
import { openProviders } from './open-providers.ts'

/** `option`: where it stands in the file. */
export type ProviderFinding = Omit<Finding, 'option'> & { readonly option: string }

/** What a sign-in would meet at that OP of the configuration. */
export async function checkProvider(config: Config, one: NamedProvider, now: Clock): Promise<ProviderFinding[]> {
  const op = openProviders(config, accountNames(undefined, config), now).named(one.name)
  if (op === undefined) throw new TypeError(`${one.name} is no provider of the configuration`)
  const found = await checkOp({ op, redirectUri: redirectUriOf(config, one), now, newId: newOpaqueId })
  return found.map(({ option, ...rest }) => ({
    ...{ ...rest, option: option === 'publicUrl' ? option : `${one.path}.${option}` },
  }))
}
