/** The lab's directory with libgssapi pointed at it: what every test of src/kerberos that needs a KDC starts from. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import type { Bulkhead } from '../../src/kerberos/bulkhead.ts'
import { type CanonicalPrincipal, canonicalPrincipal } from '../../src/kerberos/canonical-principal.ts'
import { initiateContext } from '../../src/kerberos/contexts.ts'
import { acquireWithPassword } from '../../src/kerberos/credentials.ts'
import type { Handle } from '../../src/kerberos/handle.ts'
import type { Impersonation } from '../../src/kerberos/impersonation-cache.ts'
import { createKdcGate, type KdcGate, type KdcGateOptions } from '../../src/kerberos/kdc-gate.ts'
import { type Gssapi, isAvailable, loadGssapi } from '../../src/kerberos/library.ts'
import { createLocalLane } from '../../src/kerberos/local-lane.ts'
import { system } from '../../src/system.ts'
import { type Impersonating, type Implementation, type Parts, partsOf } from './implementations.ts'

export const proxyService = 'HTTP/proxy.corp.test@CORP.TEST'
export const devopsService = 'HTTP/devops.corp.test@CORP.TEST'
export const directory = { realm: 'CORP.TEST', netbiosDomain: 'CORP' } as const

export const principal = (name: string): CanonicalPrincipal => canonicalPrincipal(name, directory)

export type KerberosLab = {
  readonly kdc: SambaKdc
  readonly gssapi: Gssapi
  readonly gate: KdcGate
  readonly lane: Bulkhead
  /** Where a test's replay cache goes. */
  readonly replayCacheFile: string
  /** A user's own credential, by password; owned by the caller. */
  credential(user: string): Promise<Handle>
  /** A bare Kerberos token of that user for a service. */
  token(user: string, service?: string): Promise<Buffer>
  parts(implementation: Implementation, keytabFile?: string): Parts
  /** The impersonation of svc-proxy; released by `close`. */
  impersonation(implementation: Implementation, options?: Impersonating): Impersonation
  close(): Promise<void>
}

/**
 * One lab for each test process: libgssapi reads its configuration once.
 * @param libdefaults further lines for krb5.conf, e.g. `clockskew = 2`
 */
export async function startKerberosLab(
  options: { readonly libdefaults?: string; readonly skewMs?: number; readonly gate?: KdcGateOptions } = {},
): Promise<KerberosLab> {
  const kdc = await startSambaKdc()
  const krb5ConfigFile = join(kdc.directory, 'proxy-krb5.conf')
  const config = await readFile(kdc.krb5Config, 'utf8')
  await writeFile(krb5ConfigFile, config.replace('[libdefaults]', `[libdefaults]\n${options.libdefaults ?? ''}`))
  const gssapi = loadGssapi({ environment: system.environment, krb5ConfigFile })
  if (!isAvailable(gssapi)) {
    await kdc.close()
    throw new Error(gssapi.message)
  }
  const gate = createKdcGate({ ...system, ...options.gate })
  const lane = createLocalLane()
  const owned: Disposable[] = []
  const credential = async (user: string): Promise<Handle> => {
    const acquired = await acquireWithPassword(gssapi, `${user}@CORP.TEST`, Buffer.from(kdc.passwordOf(user)))
    return acquired.credential
  }
  const parts = (implementation: Implementation, keytabFile = kdc.keytabs.proxy): Parts => {
    const { skewMs = 300_000 } = options
    const place = { kdc: kdc.kdc, directory: kdc.directory, keytabFile }
    return partsOf(implementation, {
      ...place,
      gssapi,
      gate,
      lane,
      accepts: proxyService,
      names: directory,
      skewMs,
      armouring: 'svc-proxy@CORP.TEST',
    })
  }
  return {
    kdc,
    parts,
    gssapi,
    gate,
    lane,
    replayCacheFile: join(kdc.directory, 'rcache'),
    credential,
    async token(user, service = proxyService) {
      using held = await credential(user)
      return (await initiateContext(gssapi, held, service)).token
    },
    impersonation(implementation, changes = {}) {
      const { impersonation, owned: made } = parts(implementation).impersonation(changes)
      owned.push(...made)
      return impersonation
    },
    async close() {
      for (const value of owned.splice(0)) value[Symbol.dispose]()
      await kdc.close()
    },
  }
}
