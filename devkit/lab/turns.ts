/**
 * How long what Kerberos does holds up the event loop: `node devkit/lab/turns.ts [--repetitions 100]`. Each operation runs
 * alone, and of each run the longest turn of the loop is taken, in processor time of the thread: what other programs take
 * is not in it. A JSON line for each says median, 90th percentile and most of those, in microseconds; the last is of
 * garbage collection and of the compiler.
 */
import { randomBytes } from 'node:crypto'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openDirectory } from '../../src/kerberos/directory.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { createReplayCache } from '../../src/kerberos/replay-cache.ts'
import { system } from '../../src/system.ts'
import { kinit } from '../realm/clients.ts'
import { forgeCrowdTickets } from '../realm/crowd-tickets.ts'
import { forgedKeytab } from '../realm/forged-token.ts'
import { startInitiator } from '../realm/initiator.ts'
import { crowdNames, DEVOPS_SPN, PROXY_NAME, PROXY_SPN } from '../realm/lab-accounts.ts'
import { KDC_PORT } from '../realm/samba-config.ts'
import { type SambaKdc, startSambaKdc } from '../realm/samba-kdc.ts'
import { attemptMemory } from '../torhaus/attempt-memory.ts'
import { threadCpuClock } from './thread-cpu.ts'

const { values } = parseArgs({ options: { repetitions: { type: 'string', default: '100' } } })
const repetitions = Number(values.repetitions)

/** The compiler is done with what runs so often. */
const WARM_UPS = 30
const GENERATION_MS = 300_000
const RECORD_BYTES = 24
/** 3,000 tokens a second for five minutes. */
const RECORDS = 900_000
const KEYTAB_ENTRIES = 5_000

const cpuUs = threadCpuClock()

/** In microseconds; what is done after it has resolved counts, too, for as long as `afterMs`. */
async function longestTurn(operation: () => Promise<unknown>, afterMs = 0): Promise<number> {
  let longest = 0
  let isOver = false
  let last = cpuUs()
  const tick = (): void => {
    const now = cpuUs()
    longest = Math.max(longest, now - last)
    last = now
    if (!isOver) setImmediate(tick)
  }
  setImmediate(tick)
  await operation()
  if (afterMs > 0) await sleep(afterMs)
  // The turn that is going on.
  await new Promise(resolve => setImmediate(resolve))
  isOver = true
  return longest
}

async function report(name: string, operation: (index: number) => Promise<unknown>, count = repetitions, afterMs = 0) {
  const turns: number[] = []
  const warmUps = Math.min(WARM_UPS, count)
  for (let index = 0; index < count + warmUps; index++) {
    const us = await longestTurn(() => operation(index), afterMs)
    if (index >= warmUps) turns.push(us)
  }
  turns.sort((a, b) => a - b)
  const at = (share: number) => Math.round(turns[Math.floor((turns.length - 1) * share)] ?? 0)
  const said = { operation: name, count, medianUs: at(0.5), p90Us: at(0.9), mostUs: at(1) }
  process.stdout.write(`${JSON.stringify(said)}\n`)
}

const passwords = {
  ...{ accept: false, verdictSeconds: 300, reservedFailuresPerAccount: 1, provenNetworkSeconds: 604_800 },
  ...{ ipv6PrefixBits: 64, maxFailuresPerAccount: 3, maxFailuresPerAddress: 20, failureWindowSeconds: 1800 },
}

const open = (kdc: SambaKdc) =>
  openDirectory(
    {
      // Past the relay, which is of this process.
      ...{ kdcs: [`${kdc.address}:${KDC_PORT}`] },
      replayCacheDirectory: join(kdc.directory, 'replay'),
      ...{ upnSuffixes: [], trustedRealms: [], recheckSeconds: 300, channelBindings: 'accept' as const },
      ...{ realm: kdc.realm, netbiosDomain: 'CORP', keytabFile: kdc.keytabs.proxy, servicePrincipal: 'svc-proxy' },
      ...{ krb5ConfigFile: kdc.krb5Config, kdcTimeoutMs: 30_000, kdcFailureThreshold: 3 },
      ...{ kdcPauseMs: 5000, maxPrincipals: 1000, passwords },
    },
    PROXY_NAME,
    {
      ...{ ...system, attempts: attemptMemory(), onCircuit: () => undefined, onKdc: () => undefined },
      ...{ question: { sids: new Set<string>(), indicators: new Set<string>() }, certificate: undefined },
    },
  )

async function reportDirectory(kdc: SambaKdc): Promise<void> {
  using directory = await open(kdc)
  await using initiator = await startInitiator(kdc).then(of => Object.assign(of, { [Symbol.asyncDispose]: of.close }))
  const { ccache } = await kinit(kdc, 'alice')
  const tokenOf = async (cache: string) =>
    Buffer.from(await initiator.negotiateToken({ spn: `HTTP@${PROXY_NAME}`, ccache: cache }), 'base64')
  const sample = await tokenOf(ccache)
  const total = repetitions + WARM_UPS
  const names = crowdNames(total)
  const place = { directory: join(kdc.directory, 'tickets'), keytabFile: kdc.keytabs.proxy }
  const caches = forgeCrowdTickets({ ...place, names, sample })
  const known: Buffer[] = []
  const fresh: Buffer[] = []
  for (const cache of caches) {
    known.push(await tokenOf(ccache))
    fresh.push(await tokenOf(cache))
  }
  const alice = directory.principalOf('alice')
  await report('ticket, known', async index => directory.accept(known[index] ?? sample, false))
  await report('ticket, opened for the first time', async index => directory.accept(fresh[index] ?? sample, false))
  await report('token for the origin server', async () => directory.initiate(alice, DEVOPS_SPN))
  await report('S4U2self, S4U2proxy and token', async () => {
    directory.purge(alice)
    await directory.initiate(alice, DEVOPS_SPN)
  })
  await report('password', async index => {
    directory.purge(alice)
    await directory.checkPassword('alice', kdc.passwordOf('alice'), `192.0.2.${index % 200}`)
  })
}

async function reportKeytab(file: string, name: string): Promise<void> {
  using keytab = new KeytabFile(file, undefined, [`${PROXY_SPN}@CORP.TEST`])
  let second = 1
  await report(
    name,
    async () => {
      utimesSync(file, ++second, second)
      keytab.keysOf(`${PROXY_SPN}@CORP.TEST`)
    },
    Math.min(20, repetitions),
    50,
  )
}

async function reportReplayCache(directory: string): Promise<void> {
  let nowMs = Math.floor(system.now() / GENERATION_MS) * GENERATION_MS
  const options = { directory, skewMs: GENERATION_MS, now: () => nowMs }
  {
    using cache = createReplayCache(options)
    await report('replay cache, five minutes later', async index => {
      nowMs += GENERATION_MS
      await cache.check(Buffer.from(`later ${index}`), nowMs)
    })
  }
  writeFileSync(join(directory, `replay-${nowMs / GENERATION_MS}`), randomBytes(RECORD_BYTES * RECORDS))
  await report(
    `replay cache, ${RECORDS} records read at the start`,
    async index => {
      using cache = createReplayCache(options)
      await cache.check(Buffer.from(`start ${index}`), nowMs)
    },
    3,
  )
}

await using undo = new AsyncDisposableStack()
const kdc = await startSambaKdc()
undo.defer(kdc.close)
await reportDirectory(kdc)
await reportKeytab(kdc.keytabs.proxy, 'keytab, changed')
const large = join(kdc.directory, 'large.keytab')
writeFileSync(large, largeKeytab())
await reportKeytab(large, `keytab of ${KEYTAB_ENTRIES} keys, changed`)
await reportReplayCache(join(kdc.directory, 'replays'))

/** Of as many hosts: `10000.corp.test` and so on, behind the one that all know. */
function largeKeytab(): Buffer {
  const first = forgedKeytab()
  const entry = first.subarray(2)
  const at = entry.indexOf('proxy.corp')
  const others = Array.from({ length: KEYTAB_ENTRIES - 1 }, (_, index) => {
    const other = Buffer.from(entry)
    other.write(String(10_000 + index), at, 'latin1')
    return other
  })
  return Buffer.concat([first, ...others])
}
