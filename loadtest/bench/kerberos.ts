/**
 * Processor time of one Kerberos operation in this process: `node loadtest/bench/kerberos.ts` (root, Debian packages:
 * see test/lab). The KDC is another process and asked directly, without the counting relay.
 */

import { join } from 'node:path'
import { KDC_PORT } from '../../devkit/realm/samba-config.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { createAcceptor } from '../../src/kerberos/acceptor.ts'
import { canonicalPrincipal } from '../../src/kerberos/canonical-principal.ts'
import { initiateContext } from '../../src/kerberos/contexts.ts'
import { acquireWithPassword } from '../../src/kerberos/credentials.ts'
import { createImpersonation } from '../../src/kerberos/impersonation.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { type Gssapi, isAvailable, loadGssapi } from '../../src/kerberos/library.ts'
import { createLocalLane } from '../../src/kerberos/local-lane.ts'
import { createPasswordVerifier } from '../../src/kerberos/password.ts'
import { wrapInSpnego } from '../../src/kerberos/protocol/negotiate-token.ts'
import { createReplayCache } from '../../src/kerberos/replay-cache.ts'
import { createServiceCredential } from '../../src/kerberos/service-credential.ts'
import { system } from '../../src/system.ts'
import { partsOf } from '../../test/kerberos/implementations.ts'
import { type OperationCost, operationCost } from './operation-cost.ts'

const servicePrincipal = 'HTTP/proxy.corp.test@CORP.TEST'
const target = 'HTTP@devops.corp.test'
const directory = { realm: 'CORP.TEST', netbiosDomain: 'CORP' }
const alice = canonicalPrincipal('alice', directory)

/** The same by our own implementation (kerberos.implementation: native); `gssapi` makes the clients' tokens. */
async function benchmarkNative(kdc: SambaKdc, gssapi: Gssapi): Promise<OperationCost[]> {
  const gate = createKdcGate(system)
  const ground = {
    ...{ gssapi, gate, lane: createLocalLane(), kdc: `${kdc.address}:${KDC_PORT}`, keytabFile: kdc.keytabs.proxy },
    ...{ directory: kdc.directory, accepts: servicePrincipal, names: directory },
  }
  const parts = partsOf('native', ground)
  using acceptor = await parts.acceptor()
  using verifier = await parts.verifier()
  const { impersonation, owned } = parts.impersonation({})
  const tokens = await userTokens(kdc, gssapi, 22_000)
  const accept = (index: number) => acceptor.accept(tokens[index] ?? Buffer.alloc(0))
  const initiate = () => impersonation.initiate(alice, target)
  const fresh = () => {
    impersonation.purge(alice)
    return initiate()
  }
  const verify = () => verifier.verify(alice, kdc.passwordOf('alice'))
  using replays = createReplayCache({ directory: join(kdc.directory, 'alone'), skewMs: 300_000, now: system.now })
  const check = async (index: number) => replays.check(Buffer.from(`an authenticator ${index}`), system.now())
  try {
    return [
      await operationCost(
        'native: accept a SPNEGO token (replay cache, PAC)',
        { count: 20_000, concurrency: 4 },
        accept,
      ),
      await operationCost('native: the replay cache of that', { count: 50_000, concurrency: 1 }, check),
      await operationCost('native: initiate with a cached ticket', { count: 50_000, concurrency: 4 }, initiate),
      await operationCost('native: S4U2self, S4U2proxy, initiate', { count: 200, concurrency: 1 }, fresh),
      await operationCost('native: verify a password', { count: 200, concurrency: 1 }, verify),
    ]
  } finally {
    for (const part of owned) part[Symbol.dispose]()
  }
}

async function benchmark(kdc: SambaKdc, gssapi: Gssapi): Promise<OperationCost[]> {
  const gate = createKdcGate(system)
  const lane = createLocalLane()
  const keytabFile = kdc.keytabs.proxy
  const service_ = { gssapi, keytabFile, servicePrincipal, directory }
  using acceptor = await createAcceptor({
    ...service_,
    lane,
    replayCacheFile: join(kdc.directory, 'rcache'),
  })
  using verifier = await createPasswordVerifier({ ...service_, gate })
  using service = createServiceCredential({
    now: system.now,
    gssapi,
    gate,
    principal: 'svc-proxy@CORP.TEST',
    keytabFile,
  })
  using impersonation = createImpersonation({ now: system.now, gssapi, gate, lane, service, directory })

  const tokens = await userTokens(kdc, gssapi, 5_500)
  const accept = (index: number) => acceptor.accept(tokens[index] ?? Buffer.alloc(0))
  const initiate = () => impersonation.initiate(alice, target)
  const fresh = () => {
    impersonation.purge(alice)
    return initiate()
  }
  const verify = () => verifier.verify(alice, kdc.passwordOf('alice'))
  return [
    await operationCost('accept a SPNEGO token (replay cache, PAC)', { count: 5_000, concurrency: 4 }, accept),
    await operationCost('initiate with a cached ticket', { count: 10_000, concurrency: 4 }, initiate),
    await operationCost('initiate with a cached ticket, one at a time', { count: 5_000, concurrency: 1 }, initiate),
    await operationCost('S4U2self, S4U2proxy, initiate', { count: 200, concurrency: 1 }, fresh),
    await operationCost('verify a password', { count: 200, concurrency: 1 }, verify),
  ]
}

async function userTokens(kdc: SambaKdc, gssapi: Gssapi, count: number): Promise<Buffer[]> {
  const acquired = await acquireWithPassword(gssapi, alice, Buffer.from(kdc.passwordOf('alice')))
  using credential = acquired.credential
  const tokens: Buffer[] = []
  while (tokens.length < count) {
    tokens.push(wrapInSpnego((await initiateContext(gssapi, credential, servicePrincipal)).token))
  }
  return tokens
}

const kdc = await startSambaKdc()
try {
  const krb5ConfigFile = await kdc.writeKrb5Config('direct.conf', { kdcs: [`${kdc.address}:${KDC_PORT}`] })
  const gssapi = loadGssapi({ environment: system.environment, krb5ConfigFile })
  if (!isAvailable(gssapi)) throw new Error(gssapi.message)
  console.table([...(await benchmark(kdc, gssapi)), ...(await benchmarkNative(kdc, gssapi))])
} finally {
  await kdc.close()
}
