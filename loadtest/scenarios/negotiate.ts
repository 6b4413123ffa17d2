import { smallRequest } from '../credential-fields.ts'
import type { Scenario } from '../scenario.ts'

export const negotiate: Scenario = {
  kind: 'requests',
  name: 'negotiate',
  description: 'A Kerberos ticket, in a fresh token with each request where it is checked; 1 KB responses.',
  openidc: 'oauth20',
  connections: 64,
  requestsPerSecond: 200,
  maxUpstreamSockets: 64,
  peers: ['apache-gssapi', 'apache', 'nginx'],
  torhaus: 'negotiate',
  kerberos: {
    user: 'alice',
    // Tickets are checked with the keytab alone.
    ...{ isCrowdThere: false, maxKdcRequests: 0, maxKdcRequestsEach: 0 },
    beside: {},
    comparesDelegation: false,
  },
  requests: credentials => [smallRequest(credentials, 'negotiate')],
}
