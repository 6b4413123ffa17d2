import type { Config, ProviderSettings } from './schema.ts'

/** An OP of the configuration. */
export interface NamedProvider {
  readonly name: string
  /** Where its options stand in the file. */
  readonly path: string
  readonly settings: ProviderSettings
  /** One OP, written as the section `oidc`. */
  readonly isOnly: boolean
}

/** The OPs, in the order of the file. */
export function providersOf({ oidc, providers = {} }: Pick<Config, 'oidc' | 'providers'>): readonly NamedProvider[] {
  if (oidc !== undefined) return [{ name: 'oidc', path: 'oidc', settings: oidc, isOnly: true }]
  return Object.entries(providers).map(([name, settings]) => ({
    ...{ name, path: `providers.${name}`, settings, isOnly: false },
  }))
}
