import { smallRequest } from '../credential-fields.ts'
import type { Scenario } from '../scenario.ts'

/** mod_auth_openidc knows no personal access tokens: it gets the Bearer token, as the nearest thing it can do. */
export const pat: Scenario = {
  kind: 'requests',
  name: 'pat',
  description:
    'A personal access token as the password of Basic, passed through for the server to check; 1 KB responses.',
  openidc: 'oauth20',
  connections: 64,
  requestsPerSecond: 200,
  maxUpstreamSockets: 64,
  requests: credentials => [smallRequest(credentials, 'pat')],
}
