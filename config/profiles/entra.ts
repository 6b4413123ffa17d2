import type { ProfileDefaults } from './profile.ts'

const TENANT = /^https:\/\/login\.microsoftonline\.com\/([0-9a-f-]{36})\/v2\.0$/i

/**
 * Microsoft identity platform: authentication contexts are asked for by the claim `acrs` ("Developer guide to
 * Conditional Access authentication context"); access tokens of version 1 come from `sts.windows.net` ("Access tokens");
 * refresh tokens take `offline_access` ("Scopes and permissions"); the secret goes into the form ("OAuth 2.0
 * authorization code flow").
 */
export const entra: ProfileDefaults = issuer => {
  const [, tenant] = TENANT.exec(issuer) ?? []
  return {
    clientAuthentication: 'client_secret_post',
    requestFactorBy: 'claims.acrs',
    frontChannelBySidAlone: true,
    scopes: ['openid', 'profile', 'offline_access'],
    ...(tenant === undefined ? {} : { issuerAliases: [`https://sts.windows.net/${tenant}/`] }),
  }
}
