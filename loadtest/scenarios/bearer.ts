import { smallRequest } from '../credential-fields.ts'
import type { Scenario } from '../scenario.ts'

export const bearer: Scenario = {
  kind: 'requests',
  name: 'bearer',
  description: 'A JWT access token of the OP (RS256) as Bearer; 1 KB responses.',
  openidc: 'oauth20',
  connections: 64,
  requestsPerSecond: 200,
  maxUpstreamSockets: 64,
  requests: credentials => [smallRequest(credentials, 'bearer')],
}
