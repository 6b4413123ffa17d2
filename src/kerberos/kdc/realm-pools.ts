import { krb5Error } from '../protocol/krb5-error.ts'
import type { KdcPool } from './kdc-pool.ts'

/** The realms that are known, and whom to ask in each. No KDC of another is ever asked, whoever refers to it. */
export type RealmPools = ReadonlyMap<string, KdcPool>

/** Throws `realm-unknown`. */
export function poolOf(pools: RealmPools, realm: string): KdcPool {
  const pool = pools.get(realm)
  if (pool === undefined) throw krb5Error('realm-unknown', 'a realm that is not configured')
  return pool
}
