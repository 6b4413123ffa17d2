/**
 * Processor time of one Kerberos operation in this process: `node loadtest/bench/kerberos.ts` (root, Debian packages: see test/lab).
 * The KDC is another process and asked directly, without the counting relay.
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
import { createServiceCredential } from '../../src/kerberos/service-credential.ts'
import { system } from '../../src/system.ts'
import { type OperationCost, operationCost } from './operation-cost.ts'

const servicePrincipal = 'HTTP/proxy.corp.test@CORP.TEST'
const target = 'HTTP@devops.corp.test'
const directory = { realm: 'CORP.TEST', netbiosDomain: 'CORP' }
const alice = canonicalPrincipal('alice', directory)

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
  console.table(await benchmark(kdc, gssapi))
} finally {
  await kdc.close()
}
