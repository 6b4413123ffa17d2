import dns, { type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { BoundedMap } from '../../bounded-map.ts'
import type { MonotonicClock } from '../../clock.ts'

/** How long addresses are believed before they are asked for anew, beside a question. */
const BELIEVED_MS = 60_000

/** More than there are controllers. */
const MAX_NAMES = 256

interface Known {
  readonly addresses: readonly LookupAddress[]
  askAgainAtMs: number
}

/**
 * Addresses of KDCs by name, as the system resolves them. A domain controller is often the first name server as well:
 * where it is dead, the system waits for it at each name, for as long as a question to a KDC may take, and the one that
 * lives is not reached either. So what was found before serves at once, and the system is asked beside; for each name
 * once at a time, for whoever waits holds one of few threads.
 */
export function rememberedLookup(monotonic: MonotonicClock): LookupFunction {
  const known = new BoundedMap<string, Known>(MAX_NAMES)
  const asking = new Map<string, Promise<readonly LookupAddress[]>>()
  const ask = async (host: string): Promise<readonly LookupAddress[]> => {
    try {
      const addresses = await resolved(host)
      known.set(host, { addresses, askAgainAtMs: monotonic() + BELIEVED_MS })
      return addresses
    } finally {
      asking.delete(host)
    }
  }
  const shared = (host: string): Promise<readonly LookupAddress[]> => {
    const running = asking.get(host) ?? ask(host)
    asking.set(host, running)
    return running
  }
  const addressesOf = async (host: string): Promise<readonly LookupAddress[]> => {
    const found = known.get(host)
    if (found === undefined) return shared(host)
    if (monotonic() >= found.askAgainAtMs) {
      found.askAgainAtMs = monotonic() + BELIEVED_MS
      shared(host).catch(() => undefined)
    }
    return found.addresses
  }
  return (host, { all }, callback) => {
    addressesOf(host).then(
      addresses => {
        const [first = { address: '', family: 0 }] = addresses
        if (all === true) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    )
  }
}

const resolved = (host: string): Promise<LookupAddress[]> =>
  new Promise((resolve, reject) => {
    dns.lookup(host, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses)
      else reject(error)
    })
  })
