/**
 * GitLab: `/api/v4/user` names the owner where the scope allows it; `/api/v4/personal_access_tokens/self` answers with
 * any scope, and says that the token is live, but not its owner's name. Of the token of a job `/api/v4/job` says whose
 * the job is, while it runs.
 *
 * Sources: docs.gitlab.com/api/rest/authentication (`PRIVATE-TOKEN`), docs.gitlab.com/api/users (`GET /user`:
 * `username`), docs.gitlab.com/api/personal_access_tokens (`GET /personal_access_tokens/self`: 401 for a token that is
 * not valid), docs.gitlab.com/api/jobs (`GET /job`, with `JOB-TOKEN`: `user`); gitlabhq/gitlabhq lib/api/api_guard.rb (403 `insufficient_scope`).
 */
import { isOfJob } from './job-token.ts'
import {
  ASK_ON,
  AWAY,
  memberOf,
  type OwnerAnswer,
  ownedBy,
  type PatProfile,
  REFUSED,
  UNNAMED,
  UNREADABLE,
} from './pat-profile.ts'

/** Tokens of deployments belong to a project, and no read knows them. */
const isPersonal = (token: string) => !isOfJob(token) && !token.startsWith('gldt-')
const privateToken = (token: string) => ['PRIVATE-TOKEN', token]

export const gitlab: PatProfile = {
  reads: [
    {
      isFor: isPersonal,
      path: '/api/v4/user',
      fields: privateToken,
      conclude({ status, json }: OwnerAnswer) {
        if (status === 200) return memberOf(json, 'username') === undefined ? AWAY : ownedBy(memberOf(json, 'username'))
        if (status === 401) return REFUSED
        return status === 403 ? ASK_ON : AWAY
      },
    },
    {
      isFor: isPersonal,
      path: '/api/v4/personal_access_tokens/self',
      fields: privateToken,
      conclude({ status, json }: OwnerAnswer) {
        if (status === 200) return memberOf(json, 'user_id') === undefined ? AWAY : UNNAMED
        if (status === 401) return REFUSED
        // 400: no personal access token, but one of another kind (OAuth).
        return status === 400 || status === 403 ? UNREADABLE : AWAY
      },
    },
    {
      isFor: isOfJob,
      path: '/api/v4/job',
      fields: token => ['JOB-TOKEN', token],
      conclude({ status, json }: OwnerAnswer) {
        const name = memberOf(json, 'user', 'username')
        if (status === 200) return name === undefined ? AWAY : ownedBy(name)
        if (status === 401) return REFUSED
        return status === 403 ? UNREADABLE : AWAY
      },
    },
  ],
}
