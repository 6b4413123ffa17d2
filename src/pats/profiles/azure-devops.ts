/**
 * Azure DevOps Server: `_apis/connectionData`, which its own clients ask first. Without a version: released ones are
 * refused for this resource.
 *
 * Sources: learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate (Basic,
 * any user name, the token as password); microsoft/azure-pipelines-agent (tokens of agents and jobs as Bearer, with which
 * its library asks for connection data first, too); microsoft/azure-devops-node-api, LocationApi `getConnectionData`. A 401 is the
 * same for a token that is forged, expired, revoked, or of a scope that is too narrow; `X-VSS-UserData: id:account`
 * stands in an answer only once the server knows who it is.
 */
import {
  AWAY,
  bearerField,
  type Conclusion,
  memberOf,
  type OwnerAnswer,
  ownedBy,
  type PatProfile,
  REFUSED,
  UNREADABLE,
} from './pat-profile.ts'

/** No personal access token has a dot. */
const isJwt = (token: string) => token.includes('.')
const basicField = (token: string) => ['Authorization', `Basic ${Buffer.from(`:${token}`).toString('base64')}`]

/** Ids of the anonymous user. */
const ANONYMOUS_IDS = ['00000000-0000-0000-0000-000000000000', 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa']

export const azureDevOps: PatProfile = {
  defaultPath: '/DefaultCollection',
  provesServerTokens: true,
  reads: [
    {
      path: '/_apis/connectionData',
      fields: token => [
        ...(isJwt(token) ? bearerField(token) : basicField(token)),
        // No redirect to a sign-in page.
        ...['X-TFS-FedAuthRedirect', 'Suppress'],
      ],
      conclude,
    },
  ],
}

function conclude({ status, field, json }: OwnerAnswer): Conclusion {
  const named = field('x-vss-userdata')
  const fromField = named === undefined ? undefined : ownedBy(named.slice(named.indexOf(':') + 1))
  if (status === 200) {
    const user = memberOf(json, 'authenticatedUser')
    if (user === undefined) return AWAY
    if (ANONYMOUS_IDS.includes(String(memberOf(user, 'id')).toLowerCase())) return REFUSED
    return fromField ?? ownedBy(memberOf(user, 'uniqueName') ?? memberOf(user, 'properties', 'Account', '$value'))
  }
  // A page to sign in at, or a 401: to credentials it does not take. 403, 404: known, and not allowed.
  if (status === 401 || status === 203 || status === 302) return fromField ?? UNREADABLE
  if (status === 403 || status === 404) return fromField ?? AWAY
  return AWAY
}
