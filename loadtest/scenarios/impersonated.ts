import { smallRequest } from '../credential-fields.ts'
import type { Scenario } from '../scenario.ts'

const USERS = ['alice', 'bob', 'carol']
const CONNECTIONS = 64

export const impersonated: Scenario = {
  kind: 'requests',
  name: 'impersonated',
  description:
    'Browser sessions of three accounts, out by constrained delegation with a token in each request; beside it a token on ' +
    'each connection, and sessions without Kerberos; 1 KB responses.',
  openidc: 'openid-connect',
  connections: CONNECTIONS,
  requestsPerSecond: 200,
  // Connections belong to one account each, and any account may be the one that all clients ask for.
  maxUpstreamSockets: USERS.length * CONNECTIONS,
  peers: ['apache-gssapi', 'nginx'],
  torhaus: 'impersonating',
  kerberos: {
    users: USERS,
    beside: { 'torhaus-connection': 'authenticating-connections', 'torhaus-session': 'assertion' },
    // Two AS requests for Torhaus itself, two TGS requests for each account, and a little room.
    maxKdcRequests: 10,
    comparesDelegation: true,
  },
  requests: credentials => [smallRequest(credentials, 'session')],
}
