import { smallRequest } from '../credential-fields.ts'
import type { Scenario } from '../scenario.ts'

const CONCURRENCY = 16

/** As command line clients and build agents do: a connection for each command. */
export const handshake: Scenario = {
  kind: 'handshakes',
  name: 'handshake',
  description:
    'New TLS connections with one request each, with a personal access token and 1 KB responses: full handshakes, and in turns of ' +
    'their own resumed ones; a request here is one connection.',
  openidc: 'oauth20',
  count: 1500,
  concurrency: CONCURRENCY,
  maxUpstreamSockets: CONCURRENCY,
  peers: ['nginx', 'haproxy', 'caddy', 'apache', 'http-proxy'],
  alwaysAgainst: ['nginx'],
  request: credentials => smallRequest(credentials, 'pat'),
}
