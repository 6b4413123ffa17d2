import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import { bareHost } from '../../config/bare-host.ts'
import { providersOf } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'

const CONNECT_MS = 3000

/** Every address of a name; rejects where there is none. */
export type AddressesOf = (name: string) => Promise<readonly string[]>

/** Every address that a name leads to: one that is left over from another time answers none of its connections. */
export const namesExamination =
  (addressesOf: AddressesOf): Examination =>
  async ({ config }) =>
    (await Promise.all(destinationsOf(config).map(([option, url]) => nameFindings(option, url, addressesOf)))).flat()

export const examineNames = namesExamination(async name =>
  (await lookup(name, { all: true })).map(({ address }) => address),
)

function destinationsOf(config: Config): (readonly [option: string, url: URL])[] {
  const { publicUrl, ownPages, upstream } = config
  const own = ownPages.publicUrl === undefined ? [] : [['ownPages.publicUrl', new URL(ownPages.publicUrl)] as const]
  return [
    ['publicUrl', new URL(publicUrl)],
    ['upstream.url', new URL(upstream.url)],
    ...own,
    ...providersOf(config).map(({ settings, path }) => [`${path}.issuer`, new URL(settings.issuer)] as const),
  ]
}

async function nameFindings(option: string, url: URL, addressesOf: AddressesOf): Promise<Finding[]> {
  const name = bareHost(url.hostname)
  if (isIP(name) !== 0) return []
  const addresses = await addressesOf(name).catch(() => undefined)
  if (addresses === undefined) return [leadsNowhere(option, name)]
  // One that does not answer is what the subject itself is told about; of several, the others hide it.
  if (addresses.length < 2) return []
  const answers = await Promise.all(addresses.map(address => isListening(address, portOf(url))))
  const silent = addresses.filter((_, at) => answers[at] === false)
  if (silent.length === 0 || silent.length === addresses.length) return []
  return [
    {
      what: `of the addresses of ${name}, nothing answers at ${silent.join(', ')}`,
      why: 'connections to these addresses wait or fail some of the time',
      remedy: 'remove stale addresses from DNS or /etc/hosts',
      ...{ option, severity: 'warning' },
    },
  ]
}

const leadsNowhere = (option: string, name: string): Finding => ({
  what: `the name ${name} does not resolve from here`,
  why: isPublic(option) ? 'clients cannot find Torhaus, unless they use another DNS' : 'it cannot be reached',
  remedy: `check ${option}, DNS and /etc/hosts: \`getent hosts ${name}\``,
  ...{ option, severity: isPublic(option) ? 'warning' : 'error' },
})

const isPublic = (option: string) => option === 'publicUrl' || option === 'ownPages.publicUrl'

const portOf = ({ protocol, port }: URL) => Number(port || (protocol === 'https:' ? 443 : 80))

function isListening(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port, timeout: CONNECT_MS })
  const end = (answer: boolean) => () => {
    socket.destroy()
    resolve(answer)
  }
  socket.on('connect', end(true)).on('error', end(false)).on('timeout', end(false))
  return promise
}
