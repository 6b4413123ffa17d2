/**
 * Gitea and Forgejo: `/api/v1/user` names the owner where the token may read that; `/api/v1/token`, since Gitea 1.27,
 * to any personal access token. Before, `/login/oauth/userinfo` does so without a look at the scope.
 *
 * Sources: docs.gitea.com/development/api-usage (Authorization: token, Bearer, Basic; 401 and 403),
 * docs.gitea.com/development/oauth2-provider (`/login/oauth/userinfo`); go-gitea/gitea services/auth/oauth2.go,
 * routers/web/auth/oauth2_provider.go `InfoOAuth`, routers/api/v1/token `GetCurrentToken`.
 */
import {
  ASK_ON,
  AWAY,
  bearerField,
  type Conclusion,
  memberOf,
  type OwnerAnswer,
  ownedBy,
  type PatProfile,
  REFUSED,
  UNNAMED,
} from './pat-profile.ts'

export const gitea: PatProfile = {
  provesServerTokens: true,
  reads: [
    { path: '/api/v1/user', fields: bearerField, conclude: answer => concludeFrom(answer, ['login'], ASK_ON) },
    {
      path: '/api/v1/token',
      fields: bearerField,
      // 404: an earlier version; or a live token of another kind (OAuth, a job's).
      conclude: ({ status, ...answer }) =>
        concludeFrom({ ...answer, status: status === 404 ? 403 : status }, ['user', 'login'], ASK_ON),
    },
    {
      path: '/login/oauth/userinfo',
      fields: bearerField,
      // The first read has said that the token is live.
      conclude: ({ status, ...answer }) =>
        concludeFrom({ ...answer, status: status === 401 ? 403 : status }, ['preferred_username'], UNNAMED),
    },
  ],
}

/** 401: no such token. 403: a live one without the scope. */
function concludeFrom({ status, json }: OwnerAnswer, names: readonly string[], narrow: Conclusion): Conclusion {
  const owner = memberOf(json, ...names)
  if (status === 200) return owner === undefined ? AWAY : ownedBy(owner)
  if (status === 401) return REFUSED
  return status === 403 ? narrow : AWAY
}
