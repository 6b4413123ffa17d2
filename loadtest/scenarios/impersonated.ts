import { smallRequest } from '../credential-fields.ts'
import { USUAL_SIZE } from '../measure/population.ts'
import type { Scenario } from '../scenario.ts'

export const impersonated: Scenario = {
  kind: 'requests',
  name: 'impersonated',
  description:
    'Browser sessions, out by constrained delegation with a token in each request; beside it a token on each connection, and ' +
    'sessions without Kerberos; 1 KB responses.',
  openidc: 'openid-connect',
  connections: 64,
  requestsPerSecond: 200,
  // Connections belong to one account each: one for each, and some where two requests of one met.
  maxUpstreamSockets: 2 * USUAL_SIZE.principals,
  peers: ['apache-gssapi', 'nginx'],
  torhaus: 'impersonating',
  kerberos: {
    ...{ user: 'alice', isCrowdThere: true },
    beside: { 'torhaus-connection': 'authenticating-connections', 'torhaus-session': 'assertion' },
    // Two AS requests for Torhaus itself, two TGS requests for each account, and a little room.
    // Of a hundred questions one may be put once more: a KDC loses some of what thousands of people make at once.
    ...{ maxKdcRequests: 10, maxKdcRequestsEach: 2.02 },
    comparesDelegation: true,
  },
  requests: credentials => [smallRequest(credentials, 'session')],
}
