import dns, { type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { BoundedMap } from './bounded-map.ts'
import type { MonotonicClock } from './clock.ts'

export interface LookupTimes {
  readonly monotonic: MonotonicClock
  /** How long addresses are believed before they are asked for anew. */
  readonly believedMs: number
  /** How long the system is waited for then; after that, those found last serve. */
  readonly patienceMs: number
}

/** More than one configuration names. */
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
 * Addresses by name, as the system resolves them. Where the first of its name servers is dead, it waits for that one at
 * each name, for as long as a connection may take to be made: what lives is not reached either. So those found last serve
 * while it is asked; for each name once at a time, for whoever waits holds one of few threads. Also where it cannot say
 * (EAI_AGAIN): not where there is no such name any more.
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

/** What the system says, unless that takes too long or it cannot say. */
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

/** Between what has just changed and what is dead: a name server that lives has answered by then. */
const PATIENCE_MS = 250

/** For connections that are to be made: addresses as they are now; while no name server says so, as they were last. */
export const connectionLookup = (monotonic: MonotonicClock): LookupFunction =>
  rememberedLookup({ monotonic, believedMs: 0, patienceMs: PATIENCE_MS })

const resolved = (host: string): Promise<LookupAddress[]> =>
  new Promise((resolve, reject) => {
    dns.lookup(host, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses)
      else reject(error)
    })
  })
