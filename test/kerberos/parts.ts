/** The parts of the directory behind one set of functions, by themselves. */

import { parseKdc } from '../../config/kdc-address.ts'
import { type Acceptor, createAcceptor } from '../../src/kerberos/acceptor.ts'
import type { DirectoryNames } from '../../src/kerberos/canonical-principal.ts'
import { createImpersonation } from '../../src/kerberos/impersonation.ts'
import type { Impersonation } from '../../src/kerberos/impersonation-cache.ts'
import { createKdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import type { KdcGate } from '../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { createPasswordVerifier, type PasswordVerifier } from '../../src/kerberos/password.ts'
import { createReplayCache } from '../../src/kerberos/replay-cache.ts'
import { createServiceCredential } from '../../src/kerberos/service-credential.ts'
import { system } from '../../src/system.ts'

export type Ground = {
  readonly gate: KdcGate
  /** `address:port`. */
  readonly kdc: string
  /** Where a replay cache goes. */
  readonly directory: string
  readonly keytabFile: string
  /** The service clients get tickets for. */
  readonly accepts: string
  readonly names: DirectoryNames
  /** Whose ticket armours passwords; undefined: nobody's. */
  readonly armouring?: string
  readonly skewMs?: number
}

export type Impersonating = {
  readonly principal?: string
  readonly keytabFile?: string
  readonly maxPrincipals?: number
  readonly refusalTtlMs?: number
  readonly now?: () => number
  readonly recheckMs?: number
}

export type Parts = {
  /** The caller's to release. */
  acceptor(): Acceptor
  verifier(): Promise<PasswordVerifier>
  /** With what it owns, in the order to release it. */
  impersonation(options: Impersonating): {
    readonly impersonation: Impersonation
    readonly owned: readonly Disposable[]
  }
  /** Signs in as a service account with its keytab. */
  signIn(principal: string, keytabFile: string): Promise<void>
}

export function partsOf(ground: Ground): Parts {
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
    acceptor() {
      const replays = createReplayCache({ directory: `${directory}/replay`, skewMs, now })
      const keytab = new KeytabFile(keytabFile)
      const acceptor = createAcceptor({ keytab, services: [accepts], directory: names, replays, skewMs, now })
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
        armouring === undefined ? undefined : createServiceCredential({ ...asking(armouring, keytabFile), now })
      const armoured = own === undefined ? {} : { service: own }
      await own?.current()
      return createPasswordVerifier({
        ...{ client, gate, keytab, servicePrincipal: accepts, directory: names, ...armoured },
      })
    },
    impersonation({ principal = 'svc-proxy@CORP.TEST', keytabFile: file = keytabFile, ...changes }) {
      const own = asking(principal, file)
      const service = createServiceCredential({ ...own, now })
      const impersonation = createImpersonation({ ...own, service, directory: names, now, ...changes })
      return { impersonation, owned: [service, impersonation] }
    },
    async signIn(principal, file) {
      using own = createServiceCredential({ ...asking(principal, file), now })
      await own.current()
    },
  }
}
