import { parseKdc } from '../../config/kdc-address.ts'
import type { MonotonicClock } from '../clock.ts'
import { configuredKdcs, discoveredKdcs, type KdcLocator } from './kdc/kdc-locator.ts'
import { type Krb5Config, krb5ConfigKdcs } from './krb5-config-kdcs.ts'

/** Finds the KDCs of a realm: from the configuration, else from krb5.conf, else by DNS. Throws like `krb5ConfigKdcs`. */
export function realmLocator(
  realm: string,
  kdcs: readonly string[],
  krb5: Krb5Config,
  monotonic: MonotonicClock,
): KdcLocator {
  const configured = kdcs.map(parseKdc).filter(address => address !== undefined)
  const addresses = configured.length > 0 ? configured : krb5ConfigKdcs(realm, krb5)
  return addresses.length > 0 ? configuredKdcs(addresses) : discoveredKdcs(realm, monotonic)
}
