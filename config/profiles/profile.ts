interface ClaimNames {
  readonly amr?: readonly string[]
  readonly accountTemplate?: string
}

/** Options of a provider that a profile may set: how the product speaks, and never whom to believe. */
export interface ProfileSettings {
  readonly clientAuthentication?: 'client_secret_basic_unencoded' | 'client_secret_post'
  readonly requestFactorBy?: 'claims.acr' | 'claims.acrs' | 'nothing'
  readonly responseMode?: 'form_post'
  readonly scopes?: readonly string[]
  readonly userinfo?: true
  readonly frontChannelBySidAlone?: true
  readonly issuerAliases?: readonly string[]
  readonly idToken?: ClaimNames
  readonly accessToken?: ClaimNames
}

/** What a product needs in place of the defaults. `issuer`: as configured, perhaps wrongly. */
export type ProfileDefaults = (issuer: string) => ProfileSettings
