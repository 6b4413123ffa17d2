/**
 * Bitbucket Data Center: every answer of its REST API names in `X-AUSERNAME` whom it was given to; to nobody in
 * particular the field is missing. Tokens of a project or repository belong to an account of their own.
 *
 * Sources: confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html (Bearer; tokens of projects and
 * repositories by Bearer only), developer.atlassian.com/server/bitbucket/rest (`application-properties`);
 * developer.atlassian.com/server/bitbucket/how-tos/http-authentication-handlers (401 for credentials that are wrong).
 */
import { AWAY, bearerField, memberOf, type OwnerAnswer, ownedBy, type PatProfile, REFUSED } from './pat-profile.ts'

export const bitbucket: PatProfile = {
  reads: [
    {
      path: '/rest/api/latest/application-properties',
      fields: bearerField,
      conclude({ status, field, json }: OwnerAnswer) {
        const name = field('x-ausername')
        if (status === 401) return REFUSED
        if (name !== undefined && (status === 200 || status === 403)) return ownedBy(decodedName(name))
        return status === 200 && memberOf(json, 'version') !== undefined ? REFUSED : AWAY
      },
    },
  ],
}

/** Names with letters that a field cannot hold are percent-encoded. */
function decodedName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
