/**
 * `npm run chaos [-- --json]`: faults, one after the other: of instances behind a balancer under constant load, and of
 * stores and clocks while sessions are refreshed and people leave. Prints what failed and why; with `--json` that goes to
 * standard error, and standard output gets `{"requests","failed","failedIdempotent","failedPushes","sessionsLost","passedAfterSignOut","signOutMs",
 * "faults"}`. Exit code 1 where a request that can be repeated failed, a push in flight during a drain, a session was
 * lost, or somebody passed who had signed out.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { DemoError, UsageError } from '../demo/demo-error.ts'
import { optionValues } from '../demo/option-values.ts'
import { endWith, exitOnSignals } from '../demo/program.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { canMount } from '../torhaus/small-disk.ts'
import { attackPeople } from './attacked-people.ts'
import { type ChaosEnvironment, startChaosEnvironment } from './environment.ts'
import { type Fault, type FaultResult, newResult } from './fault.ts'
import { instanceFaults } from './instance-faults.ts'
import { countPassing, isIn, measureSignOut, signOut } from './sign-out-at.ts'
import { type StateEnvironment, startStateEnvironment } from './state-environment.ts'
import { redisFaults, sqliteFaults } from './state-faults.ts'
import { StatePeople } from './state-people.ts'
import { runTraffic, SLOW_PUSH_MS } from './traffic.ts'

/** So long the load goes on before each fault, and after it. */
const BEFORE_MS = 1000
const AFTERMATH_MS = 4000

const results: FaultResult[] = []
const tell = (line: string) => void process.stderr.write(`${line}\n`)

function readArguments(args: string[]): { isJson: boolean; isAboutConnections: boolean } {
  const { json = false, faults } = optionValues(args, { json: { type: 'boolean' }, faults: { type: 'string' } })
  if (faults !== undefined && faults !== 'connections')
    throw new UsageError(`--faults takes connections; not ${faults}`)
  return { isJson: json, isAboutConnections: faults !== undefined }
}

async function run(): Promise<ExitCode> {
  const { isJson, isAboutConnections } = readArguments(process.argv.slice(2))
  exitOnSignals('chaos')
  if (isAboutConnections) return (await attackPeople(isJson, tell)) ? exitCode.done : exitCode.failed
  // The last faults need it, minutes later.
  if (!canMount)
    throw new DemoError('A disk that is full is mounted for it: run it as root, or with --faults connections.')
  await ensureDebianPackages(['haproxy', 'redis-server', 'git', 'faketime'])
  const signOutMs = await endureAtInstances()
  await endureAtStore('redis', redisFaults)
  await endureAtStore('sqlite', sqliteFaults)
  return report(signOutMs, isJson)
}

/** Returns how long a sign-out takes to count. */
async function endureAtInstances(): Promise<number> {
  tell('Starting HAProxy, two instances with two workers each, Redis, OP and server ...')
  const environment = await startChaosEnvironment()
  const stop = new AbortController()
  let current = newResult({ name: 'none', sparesPushes: true, happen: async () => undefined })
  const traffic = runTraffic({ ...environment.traffic, counts: () => current.counts }, stop.signal)
  try {
    for (const fault of instanceFaults) {
      tell(`fault: ${fault.name}`)
      current = newResult(fault)
      results.push(current)
      await endure(environment, fault, current)
    }
    stop.abort()
    await traffic
    return await measureSignOut(environment)
  } finally {
    stop.abort()
    await environment.close()
  }
}

async function endure(
  environment: ChaosEnvironment,
  fault: Fault<ChaosEnvironment>,
  result: FaultResult,
): Promise<void> {
  const leaver = await environment.newSession()
  // Requests count where they begin: pushes that began before it would end in a fault that does not spare them.
  await sleep(fault.sparesPushes ? BEFORE_MS : BEFORE_MS + SLOW_PUSH_MS)
  const leave = () => signOut(environment, leaver)
  // In the midst of it, or where it is over before, right after it.
  await Promise.all([fault.happen(environment, { leave }), sleep(300).then(leave)])
  await sleep(AFTERMATH_MS)
  result.passedAfterSignOut = await countPassing(environment, leaver)
  for (const cookie of environment.traffic.cookies)
    if (!(await isIn(environment.instances[0], cookie))) result.sessionsLost++
}

async function endureAtStore(store: 'redis' | 'sqlite', faults: readonly Fault<StateEnvironment>[]): Promise<void> {
  tell(`Starting Torhaus on ${store === 'redis' ? 'Redis, twice' : 'SQLite, with two workers'} ...`)
  const environment = await startStateEnvironment(store)
  const stop = new AbortController()
  const people = new StatePeople(environment)
  let work: Promise<void> | undefined
  try {
    await people.arrive()
    work = people.work(stop.signal)
    for (const fault of faults) {
      tell(`fault: ${fault.name}`)
      const result = newResult(fault)
      results.push(result)
      await people.endure(result, leaving => fault.happen(environment, leaving))
    }
  } finally {
    stop.abort()
    await work
    await environment.close()
  }
}

function report(signOutMs: number, isJson: boolean): ExitCode {
  const faults = results.map(({ counts: { reasons, ...counts }, name, sparesPushes, ...lost }) => ({
    ...{ name, sparesPushes },
    ...counts,
    ...lost,
    reasons: Object.fromEntries(reasons),
  }))
  const sum = (
    member: 'requests' | 'failed' | 'failedIdempotent' | 'failedPushes' | 'sessionsLost' | 'passedAfterSignOut',
  ) => faults.reduce((total, fault) => total + fault[member], 0)
  const total = {
    ...{ requests: sum('requests'), failed: sum('failed') },
    ...{ failedIdempotent: sum('failedIdempotent'), failedPushes: sum('failedPushes') },
    ...{ sessionsLost: sum('sessionsLost'), passedAfterSignOut: sum('passedAfterSignOut') },
    ...{ signOutMs, faults },
  }
  const rows = faults.map(fault => {
    const why = Object.entries(fault.reasons).map(([reason, times]) => `${times} x ${reason}`)
    const { name, requests, failed, failedIdempotent, failedPushes, sessionsLost, passedAfterSignOut } = fault
    const counts = [requests, failed, failedIdempotent, failedPushes, sessionsLost, passedAfterSignOut]
    return `| ${[name, ...counts, why.join('; ')].join(' | ')} |`
  })
  const table = isJson ? process.stderr : process.stdout
  table.write(`
| Fault | requests | failed | of these idempotent | pushes | sessions lost | passed after sign-out | why |
|---|---:|---:|---:|---:|---:|---:|---|
${rows.join('\n')}

Sign-out at one instance counted at the other after ${signOutMs} ms.
`)
  if (isJson) process.stdout.write(`${JSON.stringify(total)}\n`)
  const pushesLost = faults.some(({ sparesPushes, failedPushes }) => sparesPushes && failedPushes > 0)
  const isBad = total.failedIdempotent + total.sessionsLost + total.passedAfterSignOut > 0 || pushesLost
  return isBad ? exitCode.failed : exitCode.done
}

endWith('chaos', run)
