/**
 * Whether Kerberos keeps its memory, and what an account of it takes: `node devkit/lab/memory.ts [--operations 60000]`. Half of the operations accept a ticket, half impersonate one of hundreds of
 * principals, of whom so few are kept that tickets are made and forgotten all the time; now and then one is purged, a
 * token is shown again or cut short, a password is checked. A JSON line each tenth, and one with octets for each
 * principal that is kept; the numbers are for people. `longestTurnMs`: how long the event loop was held up at most.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { type Directory, openDirectory } from '../../src/kerberos/directory.ts'
import { system } from '../../src/system.ts'
import { kinit } from '../realm/clients.ts'
import { type Initiator, startInitiator } from '../realm/initiator.ts'
import { DEVOPS_SPN, numberedAccounts, PROXY_NAME } from '../realm/lab-accounts.ts'
import { startSambaKdc } from '../realm/samba-kdc.ts'
import { attemptMemory } from '../torhaus/attempt-memory.ts'
import { memoryInUse } from '../torhaus/memory-in-use.ts'

const PRINCIPALS = 300
const KEPT = 100
/** Operations for one principal before the next has its turn: what decides how many tickets are made anew. */
const RUN_LENGTH = 5
const CONCURRENCY = 8
const STEPS = 10
const KDC_TIMEOUT_MS = 30_000
const TURN_RESOLUTION_MS = 1

const { values } = parseArgs({ options: { operations: { type: 'string', default: '60000' } } })
const operations = Number(values.operations)
const accounts = numberedAccounts(PRINCIPALS)
const turns = monitorEventLoopDelay({ resolution: TURN_RESOLUTION_MS })
const count = { accepted: 0, initiated: 0, refused: 0, passwords: 0 }

await using undo = new AsyncDisposableStack()
const kdc = await startSambaKdc({ extraUsers: PRINCIPALS })
undo.defer(kdc.close)
process.env.KRB5RCACHEDIR = kdc.directory
const initiator: Initiator = await startInitiator(kdc)
undo.defer(() => initiator.close())
const { ccache } = await kinit(kdc, 'alice')

const nameOf = (index: number): string => (accounts[index % PRINCIPALS] as { name: string }).name

async function operate(directory: Directory, index: number): Promise<void> {
  const name = nameOf(Math.floor(index / (2 * RUN_LENGTH)))
  const refuse = () => void count.refused++
  if (index % 2 === 0) {
    const token = Buffer.from(await initiator.negotiateToken({ spn: `HTTP@${PROXY_NAME}`, ccache }), 'base64')
    await directory.accept(token, false)
    count.accepted++
    if (index % 10 === 0) await directory.accept(token, false).catch(refuse)
    if (index % 14 === 0) await directory.accept(token.subarray(0, index % token.length), false).catch(refuse)
  } else {
    await directory.initiate(directory.principalOf(name), DEVOPS_SPN)
    count.initiated++
  }
  if (index % 100 === 99) directory.purge(directory.principalOf(name))
  if (index % 200 === 199) {
    await directory.checkPassword('bob', kdc.passwordOf('bob'), '192.0.2.1')
    count.passwords++
  }
}

async function report(done: number, directory: Directory): Promise<void> {
  // Before garbage is collected, which would be the longest.
  const longestTurnMs = Math.max(0, Math.round(turns.max / 1e6) - TURN_RESOLUTION_MS)
  const { rss, heap, outside } = await memoryInUse()
  turns.reset()
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 18) / 4
  const { impersonation, principals } = directory.statistics()
  const memory = { rssMiB: mebibytes(rss), heapMiB: mebibytes(heap), outsideMiB: mebibytes(outside) }
  const said = { done, ...memory, longestTurnMs, principals, ...count, ...impersonation }
  process.stdout.write(`${JSON.stringify(said)}\n`)
}

/** All principals at once, beside none. */
async function reportPrincipals(): Promise<void> {
  using directory = open(PRINCIPALS)
  // The service's own tickets and everything that is made at first use.
  await directory.initiate(directory.principalOf('alice'), DEVOPS_SPN)
  directory.purge(directory.principalOf('alice'))
  const before = await memoryInUse()
  for (let index = 0; index < PRINCIPALS; index++)
    await directory.initiate(directory.principalOf(nameOf(index)), DEVOPS_SPN)
  const after = await memoryInUse()
  const each = (bytes: number) => Math.round(bytes / PRINCIPALS)
  const { principals } = directory.statistics()
  const said = {
    principals,
    heapBytesEach: each(after.heap - before.heap),
    outsideBytesEach: each(after.outside - before.outside),
  }
  process.stdout.write(`${JSON.stringify({ ...said, rssBytesEach: each(after.rss - before.rss) })}\n`)
}

const limits = {
  verdictSeconds: 300,
  reservedFailuresPerAccount: 1,
  provenNetworkSeconds: 604_800,
  ipv6PrefixBits: 64,
  maxFailuresPerAccount: 3,
  maxFailuresPerAddress: 20,
  failureWindowSeconds: 1800,
}

const open = (maxPrincipals: number): Directory =>
  openDirectory(
    {
      ...{ kdcs: [kdc.kdc], replayCacheDirectory: `${kdc.directory}/replay` },
      ...{ upnSuffixes: [], trustedRealms: [], recheckSeconds: 300, channelBindings: 'accept' as const },
      ...{ realm: kdc.realm, netbiosDomain: 'CORP', keytabFile: kdc.keytabs.proxy, servicePrincipal: 'svc-proxy' },
      ...{ kdcTimeoutMs: KDC_TIMEOUT_MS, kdcFailureThreshold: 3 },
      ...{ kdcPauseMs: 5000, maxPrincipals, passwords: { accept: false, ...limits } },
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

turns.enable()
await reportPrincipals()
{
  using directory = open(KEPT)
  const step = Math.ceil(operations / STEPS)
  let next = 0
  await report(0, directory)
  while (next < operations) {
    const end = Math.min(operations, next + step)
    const worker = async () => {
      while (next < end) await operate(directory, next++)
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
    await report(next, directory)
  }
}
process.stdout.write(`${JSON.stringify({ closed: true })}\n`)
