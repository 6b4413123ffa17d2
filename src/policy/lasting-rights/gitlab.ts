/**
 * GitLab. Sources: doc/api (personal, project and group access tokens, deploy tokens and keys, users, applications,
 * members, runners), doc/api/oauth2.md, config/routes and lib/api of gitlabhq/gitlabhq; mutations of
 * doc/api/graphql/reference.
 */
import { all, type ProductRights, protections } from './lasting-right.ts'

/** Bounded, since names are short: otherwise, if the beginning is repeated, each one would scan all that follows. */
const MUTATIONS =
  /(?:access_?token|deploy_?token|agent_?token|trigger|deploy_?key|ssh_?key)\w{0,64}(?:create|rotate)|runner(?:create|s_?registration_?token_?reset)|(?:project|group)_?members?_?bulk/i

export const gitlab: ProductRights = {
  rights: [
    ...all('token', [
      ...[
        '/api/v4/user/personal_access_tokens',
        '/api/v4/users/*/personal_access_tokens',
        '/api/v4/personal_access_tokens',
      ],
      ...['/api/v4/users/*/impersonation_tokens', '/api/v4/projects/*/access_tokens', '/api/v4/groups/*/access_tokens'],
      ...['/api/v4/projects/*/deploy_tokens', '/api/v4/groups/*/deploy_tokens', '/api/v4/projects/*/triggers'],
      ...['/api/v4/projects/*/cluster_agents', '/api/v4/projects/*/job_token_scope', '/api/v4/service_accounts'],
      ...['/api/v4/groups/*/service_accounts', '/oauth/token', '/oauth/authorize_device'],
      ...[
        '/-/user_settings/personal_access_tokens',
        '/-/profile/personal_access_tokens',
        '/-/profile/reset_feed_token',
      ],
      ...['/-/profile/reset_incoming_email_token', '/-/profile/reset_static_object_token', '/-/impersonation_tokens'],
      ...['/-/settings/access_tokens', '/-/settings/repository/deploy_token', '/admin/users/*/impersonation_tokens'],
      ...['/-/settings/ci_cd/deploy_token', '/-/triggers', '/-/feature_flags_client/reset_token'],
    ]),
    { kind: 'token', path: '/api/graphql', content: MUTATIONS, programsOnly: true },
    { kind: 'token', path: '/oauth/authorize', byReading: true },
    { kind: 'token', path: '/oauth/device', byReading: true },
    ...all('ssh-key', [
      ...['/api/v4/user/keys', '/api/v4/users/*/keys', '/-/user_settings/ssh_keys', '/-/profile/keys'],
    ]),
    ...all('oauth-application', [
      ...['/api/v4/applications', '/oauth/applications', '/oauth/authorize', '/admin/applications'],
      '/-/settings/applications',
    ]),
    ...all('deploy-key', [
      '/api/v4/projects/*/deploy_keys',
      '/api/v4/deploy_keys',
      '/-/deploy_keys',
      '/admin/deploy_keys',
    ]),
    ...all('service-hook', [
      ...['/api/v4/projects/*/hooks', '/api/v4/groups/*/hooks', '/api/v4/hooks', '/api/v4/projects/*/integrations'],
      ...['/api/v4/projects/*/services', '/api/v4/projects/*/remote_mirrors', '/-/hooks', '/-/settings/integrations'],
      ...['/admin/hooks', '/-/mirror$', '/api/v4/projects/*/mirror', '/api/v4/groups/*/integrations'],
    ]),
    ...all('member', [
      ...['/api/v4/projects/*/members', '/api/v4/groups/*/members', '/api/v4/projects/*/invitations'],
      ...['/api/v4/groups/*/invitations', '/api/v4/projects/*/share', '/api/v4/groups/*/share', '/-/project_members'],
      ...['/-/group_members', '/api/v4/projects/*/transfer', '/api/v4/groups/*/transfer', '/-/group_links'],
      ...['/-/transfer', '^/*/*/transfer$', '/api/v4/projects/*/access_requests', '/api/v4/groups/*/access_requests'],
      ...['/api/v4/groups/*/ldap_group_links', '/api/v4/groups/*/saml_group_links', '/api/v4/member_roles'],
      ...['/api/v4/groups/*/member_roles', '/api/v4/groups/*/ssh_certificates'],
      // Visibility, mirrors, what jobs may do.
      ...['/api/v4/projects/*$', '/api/v4/groups/*$'],
    ]),
    ...protections([
      ...['/api/v4/projects/*/protected_branches', '/api/v4/projects/*/protected_tags', '/-/protected_branches'],
      ...['/api/v4/groups/*/protected_branches', '/api/v4/projects/*/protected_environments', '/-/protected_tags'],
      ...['/api/v4/groups/*/protected_environments', '/-/protected_environments'],
    ]),
    ...all('runner', [
      '/api/v4/user/runners',
      '/api/v4/runners',
      '/reset_registration_token',
      '/-/runners',
      '/admin/runners',
      ...['/api/v4/projects/*/runners', '/api/v4/groups/*/runners'],
      // They run as the person, for as long as they are there.
      ...['/api/v4/projects/*/pipeline_schedules', '/-/pipeline_schedules'],
    ]),
    ...all('account', [
      ...['/api/v4/users', '/api/v4/user/gpg_keys', '/api/v4/user/emails', '/api/v4/projects/*/variables'],
      ...['/api/v4/groups/*/variables', '/api/v4/admin', '/-/user_settings/gpg_keys', '/-/user_settings/password'],
      ...['/-/user_settings/identities', '/-/profile/gpg_keys', '/-/profile/emails', '/-/profile/password'],
      ...['/-/profile/two_factor_auth', '/admin/users', '/api/v4/application/settings'],
      ...['/-/variables', '/-/settings/ci_cd', '/admin/application_settings', '/api/v4/projects/*/secure_files'],
      // The mail address is one way to a new password.
      ...['/-/profile$', '/-/user_settings/profile'],
    ]),
  ],
  pages: [
    ...['/-/user_settings/personal_access_tokens', '/-/user_settings/ssh_keys', '/-/profile/personal_access_tokens'],
    ...['/-/profile/keys', '/oauth/applications', '/-/settings/access_tokens', '/-/user_settings/applications'],
  ],
}
