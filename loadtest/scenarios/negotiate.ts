import { smallRequest } from '../credential-fields.ts'
import type { Scenario } from '../scenario.ts'

export const negotiate: Scenario = {
  kind: 'requests',
  name: 'negotiate',
  description:
    'A Kerberos ticket of three accounts in turn, a fresh token in each request where it is checked; 1 KB responses.',
  openidc: 'oauth20',
  connections: 64,
  requestsPerSecond: 200,
  maxUpstreamSockets: 64,
  peers: ['apache-gssapi', 'apache', 'nginx'],
  torhaus: 'negotiate',
  kerberos: {
    users: ['alice', 'bob', 'carol'],
    beside: {},
    // Tickets are checked with the keytab alone.
    maxKdcRequests: 0,
    comparesDelegation: false,
  },
  requests: credentials => [smallRequest(credentials, 'negotiate')],
}
