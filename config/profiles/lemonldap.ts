import type { ProfileDefaults } from './profile.ts'

/**
 * LemonLDAP::NG 2.16, "OpenID Connect Provider": claims of the person are at the userinfo endpoint unless "Force claims
 * to be returned in ID Token" is on. Its code splits the Basic credentials at the colon and decodes nothing.
 */
export const lemonldap: ProfileDefaults = () => ({
  clientAuthentication: 'client_secret_basic_unencoded',
  userinfo: true,
})
