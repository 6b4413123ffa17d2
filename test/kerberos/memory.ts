/**
 * Whether memory stays flat: `node --expose-gc test/kerberos/memory.ts [operations]`, 50,000 by default. Reports
 * resident memory and open handles after each tenth. V8's heap is reserved in steps as the load asks for it, so look at
 * what is outside: it should not grow. Each round accepts a token, initiates for cycling principals, and now and then
 * purges one, presents garbage or a replay, and checks a password.
 */

import { createAcceptor } from '../../src/kerberos/acceptor.ts'
import { initiateContext } from '../../src/kerberos/contexts.ts'
import { openHandles } from '../../src/kerberos/handle.ts'
import { createPasswordVerifier } from '../../src/kerberos/password.ts'
import { wrapInSpnego } from '../../src/kerberos/protocol/negotiate-token.ts'
import { directory, type KerberosLab, principal, proxyService, startKerberosLab } from './kerberos-lab.ts'

const operations = Number(process.argv[2] ?? 50_000)
const users = ['alice', 'bob', 'carol', 'admin1'].map(principal)
const concurrency = 8
const toMiB = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)

const lab = await startKerberosLab()
try {
  await run(lab)
} finally {
  await lab.close()
}
console.log('open handles at the end', openHandles())

async function run(kerberos: KerberosLab): Promise<void> {
  const { gssapi, gate, lane, replayCacheFile, kdc } = kerberos
  const service = { gssapi, keytabFile: kdc.keytabs.proxy, servicePrincipal: proxyService, directory }
  using acceptor = await createAcceptor({ ...service, lane, replayCacheFile })
  using verifier = await createPasswordVerifier({ ...service, gate })
  using alice = await kerberos.credential('alice')
  const impersonation = kerberos.impersonation('gssapi', { maxPrincipals: 3 })
  const counts = { accepted: 0, refused: 0, initiated: 0, passwords: 0 }
  const refuse = () => void counts.refused++

  const once = async (index: number): Promise<void> => {
    const user = users[Math.floor(index / 50) % users.length] ?? users[0]
    if (user === undefined) return
    if (index % 2 === 0) {
      await impersonation.initiate(user, 'HTTP@devops.corp.test')
      counts.initiated++
    } else {
      const token = wrapInSpnego((await initiateContext(gssapi, alice, proxyService)).token)
      await acceptor.accept(token)
      counts.accepted++
      if (index % 5 === 0) await acceptor.accept(token).catch(refuse)
      if (index % 7 === 0) await acceptor.accept(token.subarray(0, index % token.length)).catch(refuse)
    }
    if (index % 100 === 0) impersonation.purge(user)
    if (index % 200 === 0) {
      await verifier.verify(principal('bob'), kdc.passwordOf('bob'))
      counts.passwords++
    }
  }
  const report = (done: number): void => {
    globalThis.gc?.()
    const { rss, heapTotal, heapUsed } = process.memoryUsage()
    const [rssMiB, outsideHeapMiB, heapUsedMiB] = [rss, rss - heapTotal, heapUsed].map(toMiB)
    console.log({ done, rssMiB, outsideHeapMiB, heapUsedMiB, ...openHandles(), ...counts })
  }
  const step = Math.ceil(operations / 10)
  for (let from = 0; from < operations; from += step) {
    let next = from
    const to = Math.min(operations, from + step)
    const worker = async (): Promise<void> => {
      while (next < to) await once(next++)
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
    report(to)
  }
}
