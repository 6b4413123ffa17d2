import { smallRequest } from '../credential-fields.ts'
import type { Scenario } from '../scenario.ts'

export const session: Scenario = {
  kind: 'requests',
  name: 'session',
  description: 'A browser session, signed in with two factors at the OP; 1 KB responses.',
  openidc: 'openid-connect',
  connections: 64,
  requestsPerSecond: 200,
  maxUpstreamSockets: 64,
  requests: credentials => [smallRequest(credentials, 'session')],
}
