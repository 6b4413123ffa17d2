/** Both implementations behind one set of functions, so that what the directory does is tried with each. */

import { parseKdc } from '../../config/kdc-address.ts'
import { type Acceptor, createAcceptor } from '../../src/kerberos/acceptor.ts'
import type { Bulkhead } from '../../src/kerberos/bulkhead.ts'
import type { DirectoryNames } from '../../src/kerberos/canonical-principal.ts'
import { createImpersonation } from '../../src/kerberos/impersonation.ts'
import type { Impersonation } from '../../src/kerberos/impersonation-cache.ts'
import { createKdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import type { KdcGate } from '../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import type { Gssapi } from '../../src/kerberos/library.ts'
import { createNativeAcceptor } from '../../src/kerberos/native-acceptor.ts'
import { createNativeImpersonation } from '../../src/kerberos/native-impersonation.ts'
import { createNativePasswordVerifier } from '../../src/kerberos/native-password.ts'
import { createNativeServiceCredential } from '../../src/kerberos/native-service-credential.ts'
import { createPasswordVerifier, type PasswordVerifier } from '../../src/kerberos/password.ts'
import { createReplayCache } from '../../src/kerberos/replay-cache.ts'
import { createServiceCredential } from '../../src/kerberos/service-credential.ts'
import { system } from '../../src/system.ts'

export const IMPLEMENTATIONS = ['gssapi', 'native'] as const

export type Implementation = (typeof IMPLEMENTATIONS)[number]

export type Ground = {
  readonly gssapi: Gssapi
  readonly gate: KdcGate
  readonly lane: Bulkhead
  /** `address:port`; libgssapi has it from krb5.conf. */
  readonly kdc: string
  /** Where a replay cache goes. */
  readonly directory: string
  readonly keytabFile: string
  /** The service clients get tickets for. */
  readonly accepts: string
  readonly names: DirectoryNames
  /** Whose ticket armours passwords; of our own implementation alone. Undefined: nobody's. */
  readonly armouring?: string
  /** Of libgssapi it is said in krb5.conf. */
  readonly skewMs?: number
}

export type Impersonating = {
  readonly principal?: string
  readonly keytabFile?: string
  readonly maxPrincipals?: number
  readonly refusalTtlMs?: number
  readonly now?: () => number
  /** Of our own implementation alone. */
  readonly recheckMs?: number
}

export type Parts = {
  /** The caller's to release, as the verifier. */
  acceptor(): Promise<Acceptor>
  verifier(): Promise<PasswordVerifier>
  /** With what it owns, in the order to release it. */
  impersonation(options: Impersonating): {
    readonly impersonation: Impersonation
    readonly owned: readonly Disposable[]
  }
  /** Signs in as a service account with its keytab. */
  signIn(principal: string, keytabFile: string): Promise<void>
}

export const partsOf = (implementation: Implementation, ground: Ground): Parts =>
  implementation === 'native' ? nativeParts(ground) : gssapiParts(ground)

function gssapiParts(ground: Ground): Parts {
  const { gssapi, gate, lane, directory, keytabFile, accepts: servicePrincipal, names } = ground
  const service = (principal: string, file: string) =>
    createServiceCredential({ now: system.now, gssapi, gate, principal, keytabFile: file })
  const ours = { gssapi, keytabFile, servicePrincipal, directory: names }
  return {
    acceptor: () => createAcceptor({ ...ours, lane, replayCacheFile: `${directory}/rcache` }),
    verifier: () => createPasswordVerifier({ ...ours, gate }),
    impersonation({ principal = 'svc-proxy@CORP.TEST', keytabFile: file = keytabFile, recheckMs: _, ...changes }) {
      const own = service(principal, file)
      const options = { now: system.now, gssapi, gate, lane, service: own, directory: names, ...changes }
      const impersonation = createImpersonation(options)
      return { impersonation, owned: [own, impersonation] }
    },
    async signIn(principal, file) {
      using own = service(principal, file)
      await own.current()
    },
  }
}

function nativeParts(ground: Ground): Parts {
  const { gate, directory, keytabFile, accepts, names, armouring, skewMs = 300_000 } = ground
  const { now } = system
  const address = parseKdc(ground.kdc)
  const locator = configuredKdcs(address === undefined ? [] : [address])
  const client = createKdcClient({
    pools: new Map([[names.realm, createKdcPool({ locator, timeoutMs: 5_000, monotonic: system.monotonic })]]),
    realm: names.realm,
    now,
  })
  const asking = (principal: string, file: string) => ({ client, gate, keytab: new KeytabFile(file), principal })
  return {
    async acceptor() {
      const replays = createReplayCache({ directory: `${directory}/replay`, skewMs, now })
      const keytab = new KeytabFile(keytabFile)
      const acceptor = createNativeAcceptor({ keytab, services: [accepts], directory: names, replays, skewMs, now })
      return {
        accept: token => acceptor.accept(token),
        [Symbol.dispose]() {
          acceptor[Symbol.dispose]()
          replays[Symbol.dispose]()
        },
      }
    },
    async verifier() {
      const keytab = new KeytabFile(keytabFile)
      const own =
        armouring === undefined ? undefined : createNativeServiceCredential({ ...asking(armouring, keytabFile), now })
      const armoured = own === undefined ? {} : { service: own }
      await own?.current()
      return createNativePasswordVerifier({
        ...{ client, gate, keytab, servicePrincipal: accepts, directory: names, ...armoured },
      })
    },
    impersonation({ principal = 'svc-proxy@CORP.TEST', keytabFile: file = keytabFile, ...changes }) {
      const own = asking(principal, file)
      const service = createNativeServiceCredential({ ...own, now })
      const impersonation = createNativeImpersonation({ ...own, service, directory: names, now, ...changes })
      return { impersonation, owned: [service, impersonation] }
    },
    async signIn(principal, file) {
      using own = createNativeServiceCredential({ ...asking(principal, file), now })
      await own.current()
    },
  }
}
