/** Where nobody can tell clients apart, or whoever likes says who they are: rules by network stand on that. */
import { BlockList } from 'node:net'
import { type AddressRange, parseAddressRange } from './address-range.ts'
import type { Config } from './schema.ts'

type Needs = Pick<Config, 'credentials' | 'listener' | 'publicUrl' | 'secondFactor'>

export function clientAddressWarnings(config: Needs): string[] {
  const { listener, publicUrl } = config
  if (listener.trustedProxies.length > 0) return believedAddresses(config)
  // Somebody else ends TLS, and everybody comes from there.
  if (listener.tls !== undefined || new URL(publicUrl).protocol !== 'https:') return []
  return [
    'listener.trustedProxies: is empty, and who ends TLS for publicUrl is another program: every client has its address, so rules by network, limits and confirmations take all of them for one; list the address it comes from',
  ]
}

/** Networks from which less is asked for, whose people are believed about where they are. */
function believedAddresses({ listener, secondFactor, credentials }: Needs): string[] {
  const proxies = listener.trustedProxies.flatMap(text => {
    const range = parseAddressRange(text)
    return range === undefined || range.prefix === WIDTH[range.family] ? [] : [{ text, range }]
  })
  const lenient = secondFactor.rules.flatMap(({ require, when }, index) =>
    require === 'nothing' || require === 'first-factor'
      ? [{ option: `secondFactor.rules[${index}].when.networks`, networks: when.networks }]
      : [],
  )
  const exempt = {
    option: 'credentials.patPolicy.confirmExceptFrom',
    networks: credentials.patPolicy.confirmExceptFrom,
  }
  return [...lenient, exempt].flatMap(({ option, networks }) =>
    networks.flatMap(network => {
      const inner = parseAddressRange(network)
      const proxy = inner && proxies.find(({ range }) => contains(range, inner))
      if (proxy === undefined) return []
      return [
        `${option}: ${network} is within ${proxy.text} of listener.trustedProxies, where everybody is believed about the address they come from: list the proxies there, and no networks of people`,
      ]
    }),
  )
}

const WIDTH = { ipv4: 32, ipv6: 128 } as const

function contains(outer: AddressRange, inner: AddressRange): boolean {
  if (outer.family !== inner.family || outer.prefix > inner.prefix) return false
  const list = new BlockList()
  list.addSubnet(outer.address, outer.prefix, outer.family)
  return list.check(inner.address, inner.family)
}
