/** The lab's directory: what every test of src/kerberos that needs a KDC starts from. Clients are libgssapi's. */

import { join } from 'node:path'
import { Credential } from '../../devkit/gssapi/initiator.ts'
import { useKrb5Config } from '../../devkit/gssapi/library.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { type CanonicalPrincipal, canonicalPrincipal } from '../../src/kerberos/canonical-principal.ts'
import type { Impersonation } from '../../src/kerberos/impersonation-cache.ts'
import { createKdcGate, type KdcGate, type KdcGateOptions } from '../../src/kerberos/kdc-gate.ts'
import { system } from '../../src/system.ts'
import { type Impersonating, type Parts, partsOf } from './parts.ts'

export const proxyService = 'HTTP/proxy.corp.test@CORP.TEST'
export const devopsService = 'HTTP/devops.corp.test@CORP.TEST'
export const directory = { realm: 'CORP.TEST', netbiosDomain: 'CORP' } as const

export const principal = (name: string): CanonicalPrincipal => canonicalPrincipal(name, directory)

export type KerberosLab = {
  readonly kdc: SambaKdc
  readonly gate: KdcGate
  /** Where a replay cache of libgssapi's goes. */
  readonly replayCacheFile: string
  /** A bare Kerberos token of that user for a service, made by libgssapi. */
  token(user: string, service?: string): Promise<Buffer>
  parts(keytabFile?: string): Parts
  /** The impersonation of svc-proxy; released by `close`. */
  impersonation(options?: Impersonating): Impersonation
  close(): Promise<void>
}

/** One lab for each test process: libgssapi reads its configuration once. */
export async function startKerberosLab(
  options: { readonly skewMs?: number; readonly gate?: KdcGateOptions } = {},
): Promise<KerberosLab> {
  const kdc = await startSambaKdc()
  useKrb5Config(kdc.krb5Config)
  const gate = createKdcGate({ ...system, ...options.gate })
  const owned: Disposable[] = []
  const parts = (keytabFile = kdc.keytabs.proxy): Parts => {
    const { skewMs = 300_000 } = options
    const place = { kdc: kdc.kdc, directory: kdc.directory, keytabFile }
    return partsOf({
      ...{ ...place, gate, accepts: proxyService, names: directory, skewMs },
      armouring: 'svc-proxy@CORP.TEST',
    })
  }
  return {
    kdc,
    parts,
    gate,
    replayCacheFile: join(kdc.directory, 'rcache'),
    async token(user, service = proxyService) {
      using credential = await Credential.byPassword(`${user}@CORP.TEST`, kdc.passwordOf(user))
      return await credential.token(service)
    },
    impersonation(changes = {}) {
      const { impersonation, owned: made } = parts().impersonation(changes)
      owned.push(...made)
      return impersonation
    },
    async close() {
      for (const value of owned.splice(0)) value[Symbol.dispose]()
      await kdc.close()
    },
  }
}
