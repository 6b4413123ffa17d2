/**
 * Gitea and Forgejo: `/api/v1/user` names the owner where the token may read that; `/login/oauth/userinfo` does so
 * without a look at the scope.
 *
 * Sources: docs.gitea.com/development/api-usage (Authorization: token, Bearer, Basic; 401 and 403),
 * docs.gitea.com/development/oauth2-provider (`/login/oauth/userinfo`); go-gitea/gitea services/auth/oauth2.go,
 * routers/web/auth/oauth2_provider.go `InfoOAuth`.
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
    { path: '/api/v1/user', fields: bearerField, conclude: answer => concludeFrom(answer, 'login', ASK_ON) },
    {
      path: '/login/oauth/userinfo',
      fields: bearerField,
      // The first read has said that the token is live.
      conclude: ({ status, ...answer }) =>
        concludeFrom({ ...answer, status: status === 401 ? 403 : status }, 'preferred_username', UNNAMED),
    },
  ],
}

/** 401: no such token. 403: a live one without the scope. */
function concludeFrom({ status, json }: OwnerAnswer, member: string, narrow: Conclusion): Conclusion {
  if (status === 200) return memberOf(json, member) === undefined ? AWAY : ownedBy(memberOf(json, member))
  if (status === 401) return REFUSED
  return status === 403 ? narrow : AWAY
}
