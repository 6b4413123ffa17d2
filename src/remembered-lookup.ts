import dns, { type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { BoundedMap } from './bounded-map.ts'
import type { MonotonicClock } from './clock.ts'

export interface LookupTimes {
  readonly monotonic: MonotonicClock
  /** How long addresses are used before they are looked up again. */
  readonly believedMs: number
  /** How long to wait for that lookup; after that, the last known addresses are used. */
  readonly patienceMs: number
}

/** More host names than a configuration has. */
const MAX_NAMES = 256

interface Known {
  readonly addresses: readonly LookupAddress[]
  askAgainAtMs: number
}

interface Asking {
  readonly addresses: Promise<readonly LookupAddress[]>
  readonly sinceMs: number
}

/**
 * Addresses by name, as the system resolves them. If the first of its name servers is down, it waits for that one at
 * each name, for as long as making a connection may take, so that even hosts that are up are not reached. So the last
 * known addresses are used if the system takes too long. It is asked once at a time for each name, because each lookup
 * holds one of few threads. They are also used if a lookup fails (EAI_AGAIN), unless the name no longer exists.
 */
export function rememberedLookup({ monotonic, believedMs, patienceMs }: LookupTimes): LookupFunction {
  const known = new BoundedMap<string, Known>(MAX_NAMES)
  const running = new Map<string, Asking>()
  const ask = async (host: string): Promise<readonly LookupAddress[]> => {
    try {
      const addresses = await resolved(host)
      known.set(host, { addresses, askAgainAtMs: monotonic() + believedMs })
      return addresses
    } finally {
      running.delete(host)
    }
  }
  const shared = (host: string): Asking => {
    const asking = running.get(host) ?? { addresses: ask(host), sinceMs: monotonic() }
    running.set(host, asking)
    return asking
  }
  const addressesOf = async (host: string): Promise<readonly LookupAddress[]> => {
    const found = known.get(host)
    if (found === undefined) return shared(host).addresses
    const nowMs = monotonic()
    if (nowMs < found.askAgainAtMs) return found.addresses
    found.askAgainAtMs = nowMs + believedMs
    const { addresses, sinceMs } = shared(host)
    return orLast(addresses, found.addresses, sinceMs + patienceMs - nowMs)
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

/** The addresses asked for; the last known ones if that takes too long or fails. Rejects with ENOTFOUND only. */
async function orLast(
  asked: Promise<readonly LookupAddress[]>,
  last: readonly LookupAddress[],
  withinMs: number,
): Promise<readonly LookupAddress[]> {
  const said = asked.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTFOUND') throw error
    return last
  })
  const { promise: tooLong, resolve } = Promise.withResolvers<readonly LookupAddress[]>()
  const timer = setTimeout(resolve, Math.max(0, withinMs), last)
  try {
    return await Promise.race([said, tooLong])
  } finally {
    clearTimeout(timer)
  }
}

/** Tells an address that has just changed from a name server that is down: one that is up has answered by then. */
const PATIENCE_MS = 250

/** For new connections: current addresses, or the last known ones while no name server answers. */
export const connectionLookup = (monotonic: MonotonicClock): LookupFunction =>
  rememberedLookup({ monotonic, believedMs: 0, patienceMs: PATIENCE_MS })

const resolved = (host: string): Promise<LookupAddress[]> =>
  new Promise((resolve, reject) => {
    dns.lookup(host, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses)
      else reject(error)
    })
  })
