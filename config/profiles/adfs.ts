import type { ProfileDefaults } from './profile.ts'

/**
 * AD FS 2019, "OpenID Connect and OAuth concepts" and "Customize claims to be emitted in id_token": more claims come
 * with `form_post` only. [MS-OAPX] 2.2.2 has no `acr_values`; a policy demands the factor, and `amr` or `authmethod`
 * tells. Access tokens come from `access_token_issuer` ([MS-OAPX] 2.2.3.2), an http name that nobody connects to.
 */
export const adfs: ProfileDefaults = issuer => {
  const host = URL.parse(issuer)?.host
  return {
    requestFactorBy: 'nothing',
    responseMode: 'form_post',
    scopes: ['openid', 'profile', 'allatclaims'],
    idToken: { amr: ['amr', 'authmethod'], accountTemplate: '{upn}' },
    accessToken: { amr: ['amr', 'authmethod'], accountTemplate: '{upn}' },
    ...(host === undefined ? {} : { issuerAliases: [`http://${host}/adfs/services/trust`] }),
  }
}
