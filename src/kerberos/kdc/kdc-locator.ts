import { resolveSrv } from 'node:dns/promises'
import type { KdcAddress } from '../../../config/kdc-address.ts'
import type { MonotonicClock } from '../../clock.ts'

/** How long names found in DNS are believed. */
const BELIEVED_MS = 300_000

/** Few directories have more controllers in one record, and nobody waits for that many. */
const MAX_KDCS = 16

export interface KdcLocator {
  /** The KDCs to ask, best first; the same array while nothing has changed. */
  addresses(): Promise<readonly KdcAddress[]>
}

export const configuredKdcs = (addresses: readonly KdcAddress[]): KdcLocator => ({ addresses: async () => addresses })

/**
 * KDCs from DNS (RFC 4120 7.2.3.2): `_kerberos._tcp.REALM`, by priority, the heavier first. What was found before
 * serves on when DNS is silent.
 */
export function discoveredKdcs(
  realm: string,
  monotonic: MonotonicClock,
  resolve: typeof resolveSrv = resolveSrv,
): KdcLocator {
  let found: readonly KdcAddress[] = []
  let askAgainAtMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined
  const ask = async (): Promise<void> => {
    const records = await resolve(`_kerberos._tcp.${realm}`)
    // `.` is nobody (RFC 2782), and would be this machine.
    const somewhere = records.filter(({ name }) => name !== '')
    somewhere.sort((a, b) => a.priority - b.priority || b.weight - a.weight)
    const addresses = somewhere.slice(0, MAX_KDCS).map(({ name, port }) => ({ host: name, port }))
    if (JSON.stringify(addresses) !== JSON.stringify(found)) found = addresses
    askAgainAtMs = monotonic() + BELIEVED_MS
  }
  return {
    async addresses() {
      if (monotonic() < askAgainAtMs) return found
      asking ??= ask().finally(() => {
        asking = undefined
      })
      if (found.length === 0) await asking.catch(() => undefined)
      else asking.catch(() => undefined)
      return found
    },
  }
}
