/**
 * Gitea and Forgejo. Sources: routers/api/v1/api.go, routers/web/web.go and routers/web/auth/oauth2_provider.go of
 * go-gitea/gitea.
 */
import { all, type ProductRights, protections } from './lasting-right.ts'

export const gitea: ProductRights = {
  rights: [
    ...all('token', ['/api/v1/users/*/tokens', '/login/oauth/access_token', '/login/oauth/grant']),
    // Forgejo: what another issuer signs then acts as the person (routers/web/user/setting/authorized_integrations.go).
    ...all('token', ['/user/settings/authorized-integrations']),
    // Issues a code without a click where the application was allowed before.
    { kind: 'token', path: '/login/oauth/authorize', byReading: true },
    ...all('ssh-key', ['/api/v1/user/keys', '/api/v1/admin/users/*/keys', '/user/settings/keys']),
    ...all('oauth-application', [
      ...['/api/v1/user/applications', '/user/settings/applications', '/org/*/settings/applications'],
      '/admin/applications',
    ]),
    ...all('deploy-key', ['/api/v1/repos/*/*/keys', '/*/*/settings/keys']),
    ...all('service-hook', [
      ...['/api/v1/repos/*/*/hooks', '/api/v1/orgs/*/hooks', '/api/v1/user/hooks', '/api/v1/admin/hooks'],
      ...['/api/v1/repos/*/*/push_mirrors', '/*/*/settings/hooks', '/user/settings/hooks', '/org/*/settings/hooks'],
    ]),
    ...all('member', [
      ...['/api/v1/repos/*/*/collaborators', '/api/v1/repos/*/*/teams', '/api/v1/repos/*/*/transfer'],
      ...[
        '/api/v1/teams',
        '/api/v1/orgs/*/teams',
        '/api/v1/orgs/*/members',
        '/*/*/settings/collaboration',
        '/org/*/teams',
      ],
      ...['/*/*/settings/branches', '/*/*/settings/tags', '/*/*/settings/public_access', '/org/*/settings/visibility'],
      // One form each: visibility, transfer, mirrors that are pushed to; what teams of an organization may do.
      ...['^/*/*/settings$', '/*/*/settings/units', '/api/v1/repos/*/*$', '/api/v1/orgs/*$'],
    ]),
    // Of the hooks of git, those before a push refuse what is not wanted.
    ...protections([
      ...['/api/v1/repos/*/*/branch_protections', '/api/v1/repos/*/*/tag_protections', '/api/v1/repos/*/*/hooks/git'],
    ]),
    ...all('runner', [
      '/api/v1/repos/*/*/actions/runners',
      '/api/v1/orgs/*/actions/runners',
      '/api/v1/user/actions/runners',
    ]),
    { kind: 'runner', path: '/actions/runners/registration-token', byReading: true },
    { kind: 'runner', path: '/runners/reset_registration_token', byReading: true },
    { kind: 'runner', path: '/api/v1/admin/runners/registration-token', byReading: true },
    ...all('account', [
      ...['/api/v1/user/gpg_keys', '/api/v1/user/emails', '/api/v1/user/actions/secrets', '/api/v1/admin'],
      ...['/api/v1/repos/*/*/actions/secrets', '/api/v1/orgs/*/actions/secrets', '/user/settings/account'],
      ...['/api/v1/user/actions/variables', '/api/v1/repos/*/*/actions/variables', '/api/v1/orgs/*/actions/variables'],
      // By its name Torhaus tells the server who asks.
      ...['^/user/settings$', '/org/*/settings/rename', '/api/v1/orgs/*/rename'],
      // Its administration, since 1.23: sources of accounts, hooks, secrets. Nobody may be called `-`.
      ...['/-/admin', '/*/*/settings/actions', '/user/settings/change_password', '/api/v1/user/gpg_key_verify'],
      // The same where administration is below `/admin`, as in Forgejo, which has repositories of that name, too.
      ...['/admin/auths', '/admin/config', '/admin/emails', '/admin/hooks', '/admin/system-hooks'],
      ...['/admin/default-hooks', '/admin/actions/runners', '/admin/actions/secrets'],
      ...[
        '/user/settings/security',
        '/user/settings/packages',
        '/user/settings/actions',
        '/user/recover_account',
        '/admin/users',
      ],
    ]),
  ],
  pages: [
    ...['/user/settings/applications', '/user/settings/keys', '/org/*/settings/applications'],
    '/user/settings/authorized-integrations',
  ],
}
