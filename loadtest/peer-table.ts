/** Peers by name: what starts each, and the Debian packages it needs. */
import { apache } from './peers/apache.ts'
import { apacheGssapi } from './peers/apache-gssapi.ts'
import { apacheOpenidc } from './peers/apache-openidc.ts'
import { caddy } from './peers/caddy.ts'
import { haproxy } from './peers/haproxy.ts'
import { httpProxy } from './peers/http-proxy.ts'
import { nginx } from './peers/nginx.ts'
import { bringOauth2Proxy, oauth2Proxy } from './peers/oauth2-proxy.ts'
import type { Scenario } from './scenario.ts'
import type { SubjectStarter } from './subject.ts'

interface Peer {
  readonly start: (scenario: Scenario) => SubjectStarter
  readonly packages: readonly string[]
  /** Why it cannot be had here; undefined: it can. */
  readonly missing?: () => Promise<string | undefined>
}

const peerTable: ReadonlyMap<string, Peer> = new Map<string, Peer>([
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
  ['caddy', { start: () => caddy, packages: ['caddy'] }],
  ['oauth2-proxy', { start: () => oauth2Proxy, packages: [], missing: oauth2ProxyMissing }],
  ['http-proxy', { start: () => httpProxy, packages: [] }],
])

async function oauth2ProxyMissing(): Promise<string | undefined> {
  const made = await bringOauth2Proxy()
  return 'missing' in made ? made.missing : undefined
}

/** Those that need no realm: what `--peers` means where a scenario names none. */
export const usualPeers: readonly string[] = [
  'nginx',
  'haproxy',
  'caddy',
  'apache',
  'apache-openidc',
  'oauth2-proxy',
  'http-proxy',
]

/** Of the origin server and the generators. */
export const labPackages: readonly string[] = ['nginx', 'wrk', 'curl', 'openssl']

/** Of those, what can be had here; and of each that cannot, why. */
export async function presentPeers(names: readonly string[]) {
  const peers: Peer[] = []
  const absences: string[] = []
  for (const name of names) {
    const peer = peerTable.get(name)
    const missing = await peer?.missing?.()
    if (missing !== undefined) absences.push(`Without ${name}: ${missing}.`)
    else if (peer !== undefined) peers.push(peer)
  }
  return { peers, absences }
}
