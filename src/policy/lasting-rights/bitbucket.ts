/**
 * Bitbucket Data Center. Sources: Atlassian's REST reference and the page "HTTP access tokens". Tokens are made by PUT,
 * and each API has the versions `1.0` and `latest`, so the version is any segment.
 */
import { all, type ProductRights, protections } from './lasting-right.ts'

export const bitbucket: ProductRights = {
  rights: [
    ...all('token', ['/rest/access-tokens', '/rest/oauth2/*/token', '/plugins/servlet/access-tokens']),
    // OAuth 1, of application links.
    ...all('token', ['/plugins/servlet/oauth/authorize', '/plugins/servlet/oauth/access-token']),
    { kind: 'token', path: '/rest/oauth2/*/authorize', byReading: true },
    ...all('ssh-key', ['/rest/ssh/*/keys', '/plugins/servlet/ssh/account/keys']),
    ...all('oauth-application', [
      '/rest/applinks',
      '/rest/applinks-oauth',
      '/plugins/servlet/applinks',
      '/rest/oauth2/*/client',
    ]),
    ...all('deploy-key', ['/rest/keys', '/plugins/servlet/ssh/projects']),
    ...all('service-hook', [
      '/rest/api/*/projects/*/webhooks',
      '/rest/api/*/projects/*/repos/*/webhooks',
      '/plugins/servlet/webhooks',
    ]),
    ...all('member', ['/rest/api/*/projects/*/permissions', '/rest/api/*/projects/*/repos/*/permissions']),
    // Of settings: hooks that run for each push, and what a pull request needs to be merged.
    ...protections([
      '/rest/branch-permissions',
      '/rest/required-builds',
      '/rest/api/*/projects/*/settings',
      '/rest/api/*/projects/*/repos/*/settings',
    ]),
    ...all('account', [
      '/rest/api/*/admin',
      '/rest/api/*/users/credentials',
      '/rest/gpg/*/keys',
      '/rest/plugins',
      '/rest/mirroring',
      // The mail address is one way to a new password.
      '/rest/api/*/users$',
      // No project, repository or person that is called so.
      '^/admin',
    ]),
  ],
  pages: ['/plugins/servlet/access-tokens', '/plugins/servlet/ssh/account/keys'],
}
