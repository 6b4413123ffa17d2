/** Peers by name: what starts each, and the Debian packages it needs. */
import { apache } from './peers/apache.ts'
import { apacheGssapi } from './peers/apache-gssapi.ts'
import { apacheOpenidc } from './peers/apache-openidc.ts'
import { haproxy } from './peers/haproxy.ts'
import { httpProxy } from './peers/http-proxy.ts'
import { nginx } from './peers/nginx.ts'
import type { Scenario } from './scenario.ts'
import type { SubjectStarter } from './subject.ts'

export interface Peer {
  readonly start: (scenario: Scenario) => SubjectStarter
  readonly packages: readonly string[]
}

export const peerTable: ReadonlyMap<string, Peer> = new Map<string, Peer>([
  ['nginx', { start: () => nginx, packages: [] }],
  ['haproxy', { start: () => haproxy, packages: ['haproxy'] }],
  ['apache', { start: () => apache, packages: ['apache2'] }],
  [
    'apache-openidc',
    {
      start: scenario => apacheOpenidc(scenario.openidc),
      packages: ['apache2', 'libapache2-mod-auth-openidc', 'openssl'],
    },
  ],
  ['apache-gssapi', { start: () => apacheGssapi, packages: ['apache2', 'libapache2-mod-auth-gssapi'] }],
  ['http-proxy', { start: () => httpProxy, packages: [] }],
])

/** Those that need no realm: what `--peers` means where a scenario names none. */
export const usualPeers: readonly string[] = ['nginx', 'haproxy', 'apache', 'apache-openidc', 'http-proxy']

/** Of the origin server and the generators. */
export const labPackages: readonly string[] = ['nginx', 'wrk', 'curl', 'openssl']
