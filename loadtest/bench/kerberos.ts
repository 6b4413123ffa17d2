/**
 * Processor time of one Kerberos operation in this process, beside libgssapi for what it does too: `node
 * loadtest/bench/kerberos.ts` (root, Debian packages: see test/lab). The KDC is another process and asked directly,
 * without the counting relay.
 */

import { join } from 'node:path'
import { Acceptor } from '../../devkit/gssapi/acceptor.ts'
import { Credential } from '../../devkit/gssapi/initiator.ts'
import { useKrb5Config } from '../../devkit/gssapi/library.ts'
import { KDC_PORT } from '../../devkit/realm/samba-config.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { canonicalPrincipal } from '../../src/kerberos/canonical-principal.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { wrapInSpnego } from '../../src/kerberos/protocol/negotiate-token.ts'
import { createReplayCache } from '../../src/kerberos/replay-cache.ts'
import { system } from '../../src/system.ts'
import { partsOf } from '../../test/kerberos/parts.ts'
import { type OperationCost, operationCost } from './operation-cost.ts'

const servicePrincipal = 'HTTP/proxy.corp.test@CORP.TEST'
const target = 'HTTP@devops.corp.test'
const directory = { realm: 'CORP.TEST', netbiosDomain: 'CORP' }
const alice = canonicalPrincipal('alice', directory)

async function benchmark(kdc: SambaKdc): Promise<OperationCost[]> {
  const parts = partsOf({
    ...{ gate: createKdcGate(system), kdc: `${kdc.address}:${KDC_PORT}`, keytabFile: kdc.keytabs.proxy },
    ...{ directory: kdc.directory, accepts: servicePrincipal, names: directory },
  })
  using acceptor = parts.acceptor()
  const verifier = await parts.verifier()
  const { impersonation, owned } = parts.impersonation({})
  const tokens = await userTokens(kdc, 22_000)
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
      await operationCost('accept a SPNEGO token (replay cache, PAC)', { count: 20_000, concurrency: 4 }, accept),
      await operationCost('the replay cache of that', { count: 50_000, concurrency: 1 }, check),
      await operationCost('initiate with a cached ticket', { count: 50_000, concurrency: 4 }, initiate),
      await operationCost('S4U2self, S4U2proxy, initiate', { count: 200, concurrency: 1 }, fresh),
      await operationCost('verify a password', { count: 200, concurrency: 1 }, verify),
    ]
  } finally {
    for (const part of owned) part[Symbol.dispose]()
  }
}

async function benchmarkLibrary(kdc: SambaKdc): Promise<OperationCost[]> {
  using acceptor = await Acceptor.open(servicePrincipal, kdc.keytabs.proxy, join(kdc.directory, 'rcache'))
  using service = await Credential.byKeytab('svc-proxy@CORP.TEST', kdc.keytabs.proxy, 'bench')
  const tokens = await userTokens(kdc, 5_500)
  const accept = (index: number) => acceptor.verdict(tokens[index] ?? Buffer.alloc(0))
  const initiate = () => service.token('HTTP/devops.corp.test@CORP.TEST')
  return [
    await operationCost('libgssapi: accept a SPNEGO token', { count: 5_000, concurrency: 4 }, accept),
    await operationCost('libgssapi: initiate with a cached ticket', { count: 10_000, concurrency: 4 }, initiate),
  ]
}

async function userTokens(kdc: SambaKdc, count: number): Promise<Buffer[]> {
  using credential = await Credential.byPassword(alice, kdc.passwordOf('alice'))
  const tokens: Buffer[] = []
  while (tokens.length < count) tokens.push(wrapInSpnego(await credential.token(servicePrincipal)))
  return tokens
}

const kdc = await startSambaKdc()
try {
  useKrb5Config(await kdc.writeKrb5Config('direct.conf', { kdcs: [`${kdc.address}:${KDC_PORT}`] }))
  console.table([...(await benchmarkLibrary(kdc)), ...(await benchmark(kdc))])
} finally {
  await kdc.close()
}
