import type { ProfileDefaults } from './profile.ts'

/**
 * Authentik, "OAuth2/OpenID provider": the flow of the provider demands the factor, whatever the request asks for;
 * `amr` tells since 2024. Refresh tokens take `offline_access` since 2024.2.
 */
export const authentik: ProfileDefaults = () => ({
  requestFactorBy: 'nothing',
  scopes: ['openid', 'profile', 'offline_access'],
})
