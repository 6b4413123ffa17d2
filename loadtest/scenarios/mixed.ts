import { smallRequest } from '../credential-fields.ts'
import type { Scenario } from '../scenario.ts'

export const mixed: Scenario = {
  kind: 'requests',
  name: 'mixed',
  description: 'Session, Bearer and personal access token in turn; 1 KB responses.',
  openidc: 'auth-openidc',
  connections: 64,
  requestsPerSecond: 200,
  // Two lanes: what carries an identity of ours, and what passes through.
  maxUpstreamSockets: 128,
  alwaysAgainst: ['http-proxy'],
  requests: credentials => [
    smallRequest(credentials, 'session'),
    smallRequest(credentials, 'bearer'),
    smallRequest(credentials, 'pat'),
  ],
}
