/**
 * Azure DevOps Server and TFS. Sources: Microsoft's REST reference (Tokens, Delegated Auth, Hooks, Security, Graph,
 * Member Entitlement Management, Service Endpoint, Agents); the pages of the web interface, which make tokens and SSH
 * keys by `HierarchyQuery` (before 2019 by `dataProviders/query` and `_details/security`). Agents register with a
 * personal access token: that is not a credential of a person.
 */
import { all, type ProductRights } from './lasting-right.ts'

/**
 * Providers of the page for tokens and keys that make or change one;
 * `personal-access-token-issue-session-token-provider` does both. Bounded, as no name is that long: where the beginning is repeated, each would
 * look through all that follows.
 */
const ISSUES = /vss-token-web\.[\w.-]{0,64}(?:issue|create|update|regenerate|rotate|authorize)/i

export const azureDevOps: ProductRights = {
  rights: [
    { kind: 'token', path: '/_apis/contribution/hierarchyquery', content: ISSUES },
    { kind: 'token', path: '/_apis/contribution/dataproviders/query', content: ISSUES },
    ...all('token', [
      '/_apis/tokens/pats',
      '/_apis/token/sessiontokens',
      '/_apis/token/apptokenpairs',
      '/_apis/token/accesstokens',
      '/_apis/tokenadmin',
      '/_apis/tokenissue',
      '/_details/security/tokens',
      '/_details/security/altcreds',
    ]),
    ...all('ssh-key', ['/_details/security/keys', '/_apis/token/sshkeys']),
    ...all('oauth-application', ['/_apis/delegatedauth']),
    ...all('service-hook', [
      '/_apis/hooks/subscriptions',
      '/_apis/serviceendpoint',
      '/_apis/distributedtask/serviceendpoints',
    ]),
    ...all('member', [
      '/_apis/accesscontrolentries',
      '/_apis/accesscontrollists',
      '/_apis/securityroles',
      '/_apis/permissions',
      '/_apis/graph',
      '/_apis/identities',
      '/_apis/userentitlements',
      '/_apis/groupentitlements',
      '/_api/_identity',
      '/_api/_security',
    ]),
    ...all('runner', ['/_apis/distributedtask/pools/*/agents', '/_apis/distributedtask/deploymentgroups/*/targets']),
    ...all('account', [
      '/_apis/extensionmanagement',
      '/services/v3.0/securityservice.asmx',
      '/_apis/distributedtask/variablegroups',
    ]),
  ],
  pages: ['/_userssettings/tokens', '/_userssettings/keys', '/_details/security/tokens', '/_details/security/keys'],
}
