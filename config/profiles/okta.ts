import type { ProfileDefaults } from './profile.ts'

/**
 * Okta, "Step-up authentication using ACR values" and "OpenID Connect & OAuth 2.0 API": `acr_values` asks, `amr` of the
 * ID token tells; `sub` of an access token is the login, and that of an ID token an id. Refresh tokens take
 * `offline_access`.
 */
export const okta: ProfileDefaults = () => ({
  scopes: ['openid', 'profile', 'offline_access'],
  accessToken: { accountTemplate: '{sub}' },
})
