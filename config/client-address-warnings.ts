/** Where nobody can tell clients apart, or whoever likes says who they are: rules by network stand on that. */
import { addressSet, parseAddressRange } from './address-range.ts'
import { isLenient } from './lenient-rule.ts'
import type { Config } from './schema.ts'

type Needs = Pick<Config, 'credentials' | 'listener' | 'publicUrl' | 'secondFactor'>

export function clientAddressWarnings(config: Needs): string[] {
  const { listener, publicUrl } = config
  if (listener.trustedProxies.length > 0) return believedAddresses(config)
  // Somebody else ends TLS, and everybody comes from there.
  if (listener.tls !== undefined || new URL(publicUrl).protocol !== 'https:') return []
  return [
    'listener.trustedProxies: is empty, but another program terminates TLS for publicUrl: every client seems to have its address, so rules by network, limits and confirmations treat all clients as one; list the address of that program',
  ]
}

/** Networks from which less is asked for, whose people are believed about where they are. */
function believedAddresses({ listener, secondFactor, credentials }: Needs): string[] {
  const proxies = listener.trustedProxies.filter(text => !isSingle(text))
  const lenient = secondFactor.rules.flatMap((rule, index) =>
    isLenient(rule) ? [{ option: `secondFactor.rules[${index}].when.networks`, networks: rule.when.networks }] : [],
  )
  const exempt = {
    option: 'credentials.patPolicy.confirmExceptFrom',
    networks: credentials.patPolicy.confirmExceptFrom,
  }
  return [...lenient, exempt].flatMap(({ option, networks }) =>
    networks.flatMap(network => {
      const proxy = proxies.find(text => isWithin(network, text))
      if (proxy === undefined) return []
      return [
        `${option}: ${network} is within ${proxy} of listener.trustedProxies, where every peer is trusted to name the client address: list only the proxies there, not networks with users`,
      ]
    }),
  )
}

const isSingle = (text: string): boolean => {
  const range = parseAddressRange(text)
  return range?.prefix === (range?.family === 'ipv4' ? 32 : 128)
}

function isWithin(inner: string, outer: string): boolean {
  const [range, around] = [parseAddressRange(inner), parseAddressRange(outer)]
  if (range === undefined || around === undefined) return false
  return range.family === around.family && range.prefix >= around.prefix && addressSet([outer])(range.address)
}
