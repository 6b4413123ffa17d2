import type { Scenario } from '../scenario.ts'

export const signInStorm: Scenario = {
  kind: 'sign-ins',
  name: 'sign-in-storm',
  description:
    'Complete sign-ins at the OP with both factors, 20 new browsers per second, each up to the page it wanted; a request here is one sign-in.',
  openidc: 'openid-connect',
  perSecond: 20,
  count: 100,
  // Sign-ins overlap, and each asks for one page.
  maxUpstreamSockets: 64,
  peers: ['apache-openidc', 'oauth2-proxy'],
  torhaus: 'negotiate',
  // Knows the KDC, and must not ask it for somebody who signs in at the OP.
  kerberos: {
    ...{ user: 'alice', isCrowdThere: false, beside: {}, maxKdcRequests: 0, maxKdcRequestsEach: 0 },
    comparesDelegation: false,
  },
}
