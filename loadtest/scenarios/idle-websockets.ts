import type { Scenario } from '../scenario.ts'

const COUNT = 2000

export const idleWebsockets: Scenario = {
  kind: 'tunnels',
  name: 'idle-websockets',
  description:
    'WebSockets of a browser session that are opened and say nothing; a request here is one that is opened, latencies are those of one echo through each.',
  openidc: 'openid-connect',
  count: COUNT,
  // Those that verify, besides.
  maxUpstreamSockets: COUNT + 16,
  peers: ['nginx', 'haproxy', 'http-proxy'],
  fields: credentials => credentials.session,
}
