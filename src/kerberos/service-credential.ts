import { randomUUID } from 'node:crypto'
import { acquireFromKeytab } from './credentials.ts'
import type { Handle } from './handle.ts'
import type { KdcGate } from './kdc-gate.ts'
import type { Gssapi } from './library.ts'
import { createRenewing, type Renewing, validity } from './renewing.ts'

export type ServiceCredentialOptions = {
  readonly gssapi: Gssapi
  readonly gate: KdcGate
  /** The account that may delegate, `svc-proxy@CORP.TEST`. */
  readonly principal: string
  /** Holds that principal's key. Read again at each renewal, so a rotated keytab is picked up. */
  readonly keytabFile: string
  readonly now: () => number
  /** How long before its end the credential is renewed; default 300,000. */
  readonly renewMarginMs?: number
}

/**
 * The proxy's own TGT, renewed before it ends. Each acquisition uses a cache of its own: with a shared one, libkrb5
 * would find the old ticket there and answer with that.
 */
export function createServiceCredential(options: ServiceCredentialOptions): Renewing<Handle> {
  const { gssapi, gate, principal, keytabFile, now, renewMarginMs = 300_000 } = options
  return createRenewing({
    now,
    acquire: store =>
      gate.run(async () => {
        const cache = `MEMORY:torhaus-${randomUUID()}`
        const { credential, lifetimeSeconds } = await acquireFromKeytab(gssapi, { principal, keytabFile, cache })
        store(credential, validity(lifetimeSeconds, now(), renewMarginMs))
      }),
  })
}
