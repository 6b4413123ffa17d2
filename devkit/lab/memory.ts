/**
 * Whether the Kerberos binding keeps its memory and handles: `node devkit/lab/memory.ts [operations]`, 50,000 by
 * default. Half of the operations accept a ticket, half impersonate one of hundreds of principals, of whom so few are
 * kept that credentials are made and released all the time. Reports a JSON line each tenth and at the end; the numbers
 * are for people.
 */

import { join } from 'node:path'
import { type Directory, openDirectory } from '../../src/kerberos/directory.ts'
import { openHandles } from '../../src/kerberos/handle.ts'
import { system } from '../../src/system.ts'
import { attemptMemory } from '../../test/limits/attempt-memory.ts'
import { kinit } from '../realm/clients.ts'
import { type Initiator, startInitiator } from '../realm/initiator.ts'
import { DEVOPS_SPN, numberedAccounts, PROXY_NAME } from '../realm/lab-accounts.ts'
import { startSambaKdc } from '../realm/samba-kdc.ts'

const PRINCIPALS = 300
const KEPT = 100
/** Operations for one principal before the next has its turn: what decides how many credentials are made anew. */
const RUN_LENGTH = 5
const CONCURRENCY = 8
const STEPS = 10
const KDC_TIMEOUT_MS = 30_000

type Work = { readonly directory: Directory; readonly initiator: Initiator; readonly ccache: string }

async function operate({ directory, initiator, ccache }: Work, index: number): Promise<void> {
  if (index % 2 === 0) {
    const token = await initiator.negotiateToken({ spn: `HTTP@${PROXY_NAME}`, ccache })
    await directory.accept(Buffer.from(token, 'base64'), false)
    return
  }
  const { name } = accounts[Math.floor(index / (2 * RUN_LENGTH)) % PRINCIPALS] as { name: string }
  await directory.initiate(directory.principalOf(name), DEVOPS_SPN)
}

function report(done: number, directory: Directory): void {
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 18) / 4
  const { impersonation, principals } = directory.statistics()
  const memory = { rssMiB: mebibytes(rss), heapMiB: mebibytes(heapUsed), externalMiB: mebibytes(external) }
  process.stdout.write(`${JSON.stringify({ done, ...memory, handles: openHandles(), principals, ...impersonation })}\n`)
}

const operations = Number(process.argv[2] ?? 50_000)
const accounts = numberedAccounts(PRINCIPALS)

await using undo = new AsyncDisposableStack()
const kdc = await startSambaKdc({ extraUsers: PRINCIPALS })
undo.defer(kdc.close)
process.env.KRB5RCACHEDIR = join(kdc.directory)
const initiator = await startInitiator(kdc)
undo.defer(() => initiator.close())
const { ccache } = await kinit(kdc, 'alice')
const limits = {
  verdictSeconds: 300,
  reservedFailuresPerAccount: 1,
  provenNetworkSeconds: 604_800,
  ipv6PrefixBits: 64,
  maxFailuresPerAccount: 3,
  maxFailuresPerAddress: 20,
  failureWindowSeconds: 1800,
}
const directory = await openDirectory(
  {
    ...{
      implementation: 'gssapi' as const,
      kdcs: [],
      upnSuffixes: [],
      trustedRealms: [],
      recheckSeconds: 300,
      channelBindings: 'accept' as const,
    },
    ...{ realm: kdc.realm, netbiosDomain: 'CORP', keytabFile: kdc.keytabs.proxy, servicePrincipal: 'svc-proxy' },
    ...{ krb5ConfigFile: kdc.krb5Config, maxKdcCalls: 2, kdcTimeoutMs: KDC_TIMEOUT_MS, kdcFailureThreshold: 3 },
    ...{ kdcPauseMs: 5000, maxPrincipals: KEPT, passwords: { accept: false, ...limits } },
  },
  PROXY_NAME,
  {
    ...system,
    attempts: attemptMemory(),
    onCircuit: () => undefined,
    onKdc: () => undefined,
    question: { sids: new Set(), indicators: new Set() },
    certificate: undefined,
  },
)
try {
  const work = { directory, initiator, ccache }
  const step = Math.ceil(operations / STEPS)
  let next = 0
  report(0, directory)
  while (next < operations) {
    const end = Math.min(operations, next + step)
    const worker = async () => {
      while (next < end) await operate(work, next++)
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
    report(next, directory)
  }
} finally {
  directory[Symbol.dispose]()
  process.stdout.write(`${JSON.stringify({ closed: true, handles: openHandles() })}\n`)
}
