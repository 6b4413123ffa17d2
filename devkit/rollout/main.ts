/**
 * `npm run rollout-test [-- --json] [--requests NUMBER] [--only good | --only FLAW]`: the roll-out of deploy/roll-out/ for
 * real, against two instances behind HAProxy under load. Without `--only` a good version is rolled out, and then a broken
 * one, which must be rolled back by itself. With `--json` the last line is
 * `{"requests","failedIdempotent","rolledBack","seconds"}`; `rolledBack`: whether the last version was. Exit code 1 where
 * a request that can be repeated failed, or where a version ended up running that should not, or not everywhere.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { type ChaosEnvironment, startEnvironment } from '../chaos/environment.ts'
import { type Counts, runTraffic } from '../chaos/traffic.ts'
import { UsageError } from '../demo/demo-error.ts'
import { optionValues } from '../demo/option-values.ts'
import { endWith, stopOnSignals } from '../demo/program.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { unlessStopped } from '../demo/unless-stopped.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { haproxySocket, planOf, type RollOutPlace } from './plan-of.ts'
import { runRollOut } from './run-roll-out.ts'
import { launchService, type ServiceInstance } from './service-instance.ts'
import { FLAWS, type Flaw, installVersion, isFlaw, makeReleases } from './versions.ts'

const REQUESTS = 20_000
const PACE_MS = 10
const POLL_MS = 100
/** HAProxy is told before; this is for whoever was not. */
const DRAIN_DELAY_MS = 1000
const FIRST = '0.0.1'

interface Round {
  readonly version: string
  readonly flaw: Flaw | undefined
}

const GOOD: Round = { version: '0.0.2', flaw: undefined }
const broken = (flaw: Flaw): Round => ({ version: '0.0.3', flaw })

interface Wish {
  readonly isJson: boolean
  readonly requests: number
  readonly rounds: readonly Round[]
}

function readArguments(args: string[]): Wish {
  const options = { json: { type: 'boolean' }, requests: { type: 'string' }, only: { type: 'string' } } as const
  const { json = false, requests = `${REQUESTS}`, only } = optionValues(args, options)
  if (!/^\d{1,7}$/.test(requests)) throw new UsageError(`--requests takes a number, not ${requests}`)
  const wish = { isJson: json, requests: Number(requests) }
  if (only === undefined) return { ...wish, rounds: [GOOD, broken('refuses-all')] }
  if (only === 'good') return { ...wish, rounds: [GOOD] }
  if (isFlaw(only)) return { ...wish, rounds: [broken(only)] }
  throw new UsageError(`--only takes good, ${Object.keys(FLAWS).join(', ')}; not ${only}`)
}

const tell = (line: string) => void process.stderr.write(`${line}\n`)

async function run(): Promise<ExitCode> {
  const wish = readArguments(process.argv.slice(2))
  await ensureDebianPackages(['haproxy', 'redis-server', 'git'])
  const stop = stopOnSignals('rollout-test', exitCode.interrupted)
  // Ctrl-C in a terminal also ends what stands around: what goes wrong after it is no failure.
  const result = await rollOutInLab(wish, stop).catch(error => {
    if (!stop.aborted) throw error
  })
  if (stop.aborted || result === undefined) return exitCode.interrupted
  for (const reason of result.reasons) tell(reason)
  const { requests, failedIdempotent, rolledBack, seconds } = result
  if (wish.isJson) process.stdout.write(`${JSON.stringify({ requests, failedIdempotent, rolledBack, seconds })}\n`)
  else process.stdout.write(`${requests} requests, ${failedIdempotent} idempotent ones failed, ${seconds} s\n`)
  return result.isFine && failedIdempotent === 0 && requests >= wish.requests ? exitCode.done : exitCode.failed
}

async function rollOutInLab(wish: Wish, stop: AbortSignal): Promise<Result> {
  await using undo = new AsyncDisposableStack()
  const { directory: releases, remove } = await temporaryFolder('torhaus-releases-')
  undo.defer(remove)
  const made = await makeReleases(join(releases, 'dist'), [{ version: FIRST }, ...wish.rounds])
  const first = await installVersion(made, FIRST, releases)
  tell('Starting HAProxy, two instances with two workers each, Redis, OP and server ...')
  const starting = startEnvironment({
    drainDelayMs: DRAIN_DELAY_MS,
    launch: place => launchService(place, first),
    haproxyGlobal: directory => `  stats socket ${haproxySocket(directory)} mode 600 level admin`,
  })
  const environment = await unlessStopped(starting, stop)
  undo.defer(() => environment.close())
  return await rollUnderLoad(environment, { releases, made }, wish, stop)
}

interface Result {
  readonly requests: number
  readonly failedIdempotent: number
  readonly rolledBack: boolean
  readonly seconds: number
  /** Each roll-out ended as it should, and the right version runs everywhere. */
  readonly isFine: boolean
  readonly reasons: readonly string[]
}

async function rollUnderLoad(
  environment: ChaosEnvironment<ServiceInstance>,
  versions: Pick<RollOutPlace, 'releases' | 'made'>,
  { rounds, requests }: Wish,
  stop: AbortSignal,
): Promise<Result> {
  const { directory, instances, traffic, certificateFile } = environment
  const basic = `Basic ${Buffer.from(`:${traffic.pat}`).toString('base64')}`
  writeFileSync(join(directory, 'smoke-test'), basic, { mode: 0o600 })
  const planFile = join(directory, 'plan.yaml')
  const whoami = { path: '/DefaultCollection/_apis/whoami', method: 'GET' } as const
  const smokeTests = [
    { ...whoami, status: 401 },
    { ...whoami, status: 200, fieldFiles: { Authorization: 'smoke-test' }, content: 'ada' },
  ]
  const place = { directory, ...versions, publicUrl: traffic.url, certificateFile, instances, smokeTests }
  writeFileSync(planFile, stringify(planOf(place)))
  const counts: Counts = { requests: 0, failed: 0, failedIdempotent: 0, failedPushes: 0, reasons: new Map() }
  const enough = new AbortController()
  const startMs = performance.now()
  const load = runTraffic({ ...traffic, counts: () => counts, paceMs: PACE_MS }, AbortSignal.any([stop, enough.signal]))
  const problems: string[] = []
  let running = FIRST
  let rolledBack = false
  try {
    for (const { version, flaw } of rounds) {
      if (stop.aborted) break
      tell(`\nrolling out ${version}${flaw === undefined ? '' : `, which is broken (${flaw})`}`)
      const result = await runRollOut(planFile, version, stop)
      rolledBack = result === 'rolled-back'
      if (result !== (flaw === undefined ? 'rolled-out' : 'rolled-back')) problems.push(`${version}: ${result}`)
      if (flaw === undefined) running = version
    }
    for (const instance of instances)
      if (instance.activeVersion() !== running) problems.push(`${instance.name} runs ${instance.activeVersion()}`)
    while (counts.requests < requests && !stop.aborted) await sleep(POLL_MS)
  } finally {
    enough.abort()
    await load
  }
  const reasons = Array.from(counts.reasons, ([reason, times]) => `${times} x ${reason}`)
  return {
    ...{ requests: counts.requests, failedIdempotent: counts.failedIdempotent, rolledBack },
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
    isFine: problems.length === 0,
    reasons: [...problems, ...reasons],
  }
}

endWith('roll-out test', run)
