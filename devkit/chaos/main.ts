/**
 * `npm run chaos [-- --json]`: faults, one after the other, under constant load. Prints what failed and why; with
 * `--json` the last line is
 * `{"requests","failed","failedIdempotent","failedPushes","sessionsLost","signOutMs","faults"}`. Exit code 1 where a
 * request that can be repeated failed, a push in flight during a drain, or a session was lost.
 */
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { exitCode } from '../../src/exit-codes.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { attackPeople } from './attacked-people.ts'
import { type ChaosEnvironment, startChaosEnvironment } from './environment.ts'
import type { Instance } from './instance.ts'
import { type Counts, runTraffic } from './traffic.ts'

interface Fault {
  readonly name: string
  /** Pushes in flight must survive it. */
  readonly sparesPushes: boolean
  readonly happen: (environment: ChaosEnvironment) => Promise<void>
}

/** So long the load goes on after each fault. */
const AFTERMATH_MS = 4000
const RELOADS = 'torhaus_config_reloads_total{outcome="success"}'

const FAULTS: readonly Fault[] = [
  { name: 'none', sparesPushes: true, happen: () => sleep(3000) },
  {
    name: 'a worker killed',
    sparesPushes: false,
    async happen({ instances: [one] }) {
      process.kill(one.workers()[0] ?? 0, 'SIGKILL')
    },
  },
  {
    name: 'an instance killed, and started again',
    sparesPushes: false,
    async happen({ instances: [, two] }) {
      two.killAll()
      await sleep(3000)
      await two.start()
    },
  },
  {
    name: 'Redis killed for 5 s',
    sparesPushes: true,
    async happen({ redis }) {
      await redis.kill()
      await sleep(5000)
      await redis.start()
    },
  },
  {
    name: 'rolling restart',
    sparesPushes: true,
    async happen({ instances }) {
      for (const instance of instances) {
        await instance.stop()
        await instance.start()
        // Until the balancer has seen it.
        await sleep(2000)
      }
    },
  },
  {
    name: 'configuration reloaded',
    sparesPushes: true,
    async happen({ instances }) {
      await Promise.all(instances.map(instance => afterReload(instance, async () => instance.signal('SIGHUP'))))
    },
  },
  {
    name: 'certificate swapped',
    sparesPushes: true,
    async happen({ instances, swapCertificate }) {
      const [one, two] = instances
      await afterReload(one, () => afterReload(two, swapCertificate))
    },
  },
]

async function afterReload(instance: Instance, act: () => Promise<void>): Promise<void> {
  const before = await instance.metric(RELOADS)
  await act()
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await instance.metric(RELOADS)) > before) return
    await sleep(100)
  }
  throw new Error('no reload')
}

/** Status of a request to one instance itself, past the balancer. */
function statusAt(
  instance: Instance,
  cookie: string,
  options: { method?: string; path: string; origin?: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', path, origin } = options
    const request = https.request(
      { host: '127.0.0.1', port: instance.port, method, path, rejectUnauthorized: false, agent: false },
      response => {
        response.resume()
        resolve(response.statusCode ?? 0)
      },
    )
    request.setHeader('Cookie', cookie)
    if (origin !== undefined) request.setHeader('Origin', origin)
    request.on('error', reject).end()
  })
}

const WHOAMI = '/DefaultCollection/_apis/whoami'

/** From the sign-out at one instance until each of many requests at the other is refused, in milliseconds. */
async function measureSignOut({ instances: [one, two], newSession, traffic }: ChaosEnvironment): Promise<number> {
  const cookie = await newSession()
  for (let count = 0; count < 8; count++) await statusAt(two, cookie, { path: WHOAMI })
  const status = await statusAt(one, cookie, { method: 'POST', path: '/.torhaus/sign-out', origin: traffic.url })
  if (status !== 303) throw new Error(`the sign-out was answered ${status}`)
  const begun = performance.now()
  // Eight in a row, so that both workers were asked.
  for (let refused = 0; refused < 8; )
    refused = (await statusAt(two, cookie, { path: WHOAMI })) === 401 ? refused + 1 : 0
  return Math.round(performance.now() - begun)
}

function readArguments(args: string[]): { isJson: boolean; isAboutConnections: boolean } {
  try {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, faults: { type: 'string' } } })
    if (values.faults !== undefined && values.faults !== 'connections') throw new Error(`no faults: ${values.faults}`)
    return { isJson: values.json === true, isAboutConnections: values.faults !== undefined }
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nusage: npm run chaos [-- --faults connections] [--json]\n`)
    process.exit(exitCode.usage)
  }
}

const newCounts = (): Counts => ({ requests: 0, failed: 0, failedIdempotent: 0, failedPushes: 0, reasons: new Map() })

const { isJson, isAboutConnections } = readArguments(process.argv.slice(2))
const tell = (line: string) => process.stderr.write(`${line}\n`)
if (isAboutConnections) process.exit((await attackPeople(isJson, tell)) ? 0 : 1)
await ensureDebianPackages(['haproxy', 'redis-server', 'git'])
tell('Starting HAProxy, two instances with two workers each, Redis, OP and server ...')
const environment = await startChaosEnvironment()
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void environment.close().then(() => process.exit(exitCode.interrupted)))

const results: { name: string; sparesPushes: boolean; counts: Counts }[] = []
let current = newCounts()
const traffic = runTraffic({ ...environment.traffic, counts: () => current }, stop.signal)
let signOutMs = 0
let sessionsLost = 0
try {
  for (const { name, sparesPushes, happen } of FAULTS) {
    current = newCounts()
    results.push({ name, sparesPushes, counts: current })
    tell(`fault: ${name}`)
    await sleep(1000)
    await happen(environment)
    await sleep(AFTERMATH_MS)
  }
  stop.abort()
  await traffic
  for (const cookie of environment.traffic.cookies)
    if ((await statusAt(environment.instances[0], cookie, { path: WHOAMI })) !== 200) sessionsLost++
  signOutMs = await measureSignOut(environment)
} finally {
  stop.abort()
  await environment.close()
}

const sum = (member: 'requests' | 'failed' | 'failedIdempotent' | 'failedPushes') =>
  results.reduce((total, { counts }) => total + counts[member], 0)
const faults = results.map(({ name, sparesPushes, counts: { reasons, ...counts } }) => ({
  ...{ name, sparesPushes },
  ...counts,
  reasons: Object.fromEntries(reasons),
}))
const total = {
  requests: sum('requests'),
  failed: sum('failed'),
  failedIdempotent: sum('failedIdempotent'),
  failedPushes: sum('failedPushes'),
  ...{ sessionsLost, signOutMs, faults },
}
const rows = faults.map(
  ({ name, requests, failed, failedIdempotent, failedPushes, reasons }) =>
    `| ${name} | ${requests} | ${failed} | ${failedIdempotent} | ${failedPushes} | ${Object.entries(reasons)
      .map(([reason, times]) => `${times} x ${reason}`)
      .join('; ')} |`,
)
const table = `
| Fault | requests | failed | of these idempotent | pushes | why |
|---|---:|---:|---:|---:|---|
${rows.join('\n')}

Sessions lost: ${sessionsLost}. Sign-out at one instance counted at the other after ${signOutMs} ms.
`
process.stdout.write(table)
if (isJson) process.stdout.write(`${JSON.stringify(total)}\n`)
const pushesLost = faults.some(({ sparesPushes, failedPushes }) => sparesPushes && failedPushes > 0)
process.exit(total.failedIdempotent > 0 || sessionsLost > 0 || pushesLost ? exitCode.failed : exitCode.done)
