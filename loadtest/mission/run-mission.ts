/**
 * The whole mission in one run: the load at the origin server alone, then through everything, with a roll-out in the
 * middle. What was counted is of the whole run; processor time of the time in which nothing starts or ends.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { Result } from '../../deploy/roll-out/roll-out.ts'
import { unlessStopped } from '../../devkit/demo/unless-stopped.ts'
import { planOf } from '../../devkit/rollout/plan-of.ts'
import { runRollOut } from '../../devkit/rollout/run-roll-out.ts'
import { sendAtConstantRate } from '../generators/constant-rate.ts'
import { usageOf } from '../lab/process-usage.ts'
import type { ConstantRate, LoadRequest } from '../load.ts'
import { percentile } from '../measure/figures.ts'
import type { Run } from '../run-context.ts'
import { CpuMeter } from './cpu-meter.ts'
import { ADMIN_CREDENTIAL, type MissionLab, openMissionLab, SECOND_VERSION } from './mission-lab.ts'
import { missionRequests, withoutTickets } from './mission-requests.ts'
import type { MissionResult } from './mission-result.ts'

export interface MissionWish {
  /** Undefined: as far as the cores go. */
  readonly requestsPerSecond: number | undefined
}

const CONNECTIONS = 64
const FULL = { directS: 15, loadS: 90, beforeS: 25 }
const SHORT = { directS: 3, loadS: 26, beforeS: 4 }
const PROBE = { requestsPerSecond: 100, durationS: 5, warmUpS: 2 }
/** Of the processor time that is there; the generator takes about as much again as half of what is measured. */
const BUSY_SHARE = 0.4
const RATES = { least: 50, most: 1500 }

export async function runMission(
  { requestsPerSecond }: MissionWish,
  { short, signal, tell }: Run,
): Promise<MissionResult> {
  const seconds = short ? SHORT : FULL
  await using lab = await unlessStopped(openMissionLab(tell), signal)
  const requests = missionRequests(lab.people)
  const rate = requestsPerSecond ?? (short ? RATES.least : await affordableRate(lab, requests, signal))
  tell(`${rate} requests/s; ${seconds.directS} s without a proxy, ${seconds.loadS} s through all of it`)
  const send = (
    port: number,
    what: readonly LoadRequest[],
    durationS: number,
    onReport?: (report: ConstantRate) => void,
  ) =>
    sendAtConstantRate(
      {
        ...{ port, requests: what, durationS, warmUpS: 1, connections: CONNECTIONS, requestsPerSecond: rate },
        ...{ ca: lab.certificate.certificate, reportEveryS: 1 },
      },
      signal,
      onReport,
      'both',
    )
  const direct = new Tally()
  await send(lab.originTlsPort, withoutTickets(requests), seconds.directS, report => direct.add(report))
  if (direct.errors > 0) throw new Error(`${direct.errors} requests failed without a proxy`)

  const before = await lab.origin.counts()
  using meter = new CpuMeter(() => lab.instances.map(instance => instance.pid()))
  const [steady, all] = [new Tally(), new Tally()]
  const firstUs = meter.totalUs()
  const cost = { us: 0, requests: 0, lastUs: firstUs }
  let isRolling = false
  const load = send(lab.port, requests, seconds.loadS, report => {
    const us = meter.totalUs()
    all.add(report)
    if (!isRolling) {
      steady.add(report)
      cost.us += us - cost.lastUs
      cost.requests += report.latenciesMs.length
    }
    cost.lastUs = us
  })
  const rolling = rollOutAfter(seconds.beforeS, lab, signal, value => (isRolling = value))
  const [rolled] = await Promise.all([rolling, load])
  // On a machine that is too slow for the rate, all answers may come during the roll-out.
  const measured = cost.requests > 0 ? cost : { us: cost.lastUs - firstUs, requests: all.latenciesMs.length }
  const p99 = (tally: Tally) => percentile(tally.latenciesMs, 0.99)
  const round = (value: number, digits: number) => Number(value.toFixed(digits))
  return {
    kind: 'mission',
    figures: {
      requests: all.latenciesMs.length + all.errors,
      errors: all.errors,
      addedP99Ms: round(p99(all) - p99(direct), 2),
      cpuUsPerRequest: round(measured.us / measured.requests, 1),
      upstreamSockets: (await lab.origin.counts()).connections - before.connections,
      kdcRequests: lab.realm.kdcRequests() - lab.kdcRequestsBefore,
      bytes: all.bytes,
    },
    requestsPerSecond: rate,
    steadyAddedP99Ms: round(p99(steady) - p99(direct), 2),
    latenessP99Ms: round(percentile(all.latenessMs, 0.99), 2),
    rollOut: rolled.result,
    rollOutS: rolled.seconds <= seconds.loadS - seconds.beforeS ? round(rolled.seconds, 1) : undefined,
  }
}

/** What the processes of one request use, taken from how a small rate of them does. */
async function affordableRate(lab: MissionLab, requests: readonly LoadRequest[], signal: AbortSignal): Promise<number> {
  const { haproxy, origin, instances, port } = lab
  const cpuUs = () =>
    [haproxy.pid, origin.pid, ...instances.map(instance => instance.pid() ?? 0)].reduce(
      (sum, pid) => sum + usageOf(pid).cpuUs,
      0,
    )
  const before = cpuUs()
  const order = { ...PROBE, port, requests, connections: CONNECTIONS, ca: lab.certificate.certificate }
  const { latenciesMs, errors } = await sendAtConstantRate(order, signal, undefined, 'both')
  if (errors > 0) throw new Error(`${errors} requests failed before anything was measured`)
  const sent = latenciesMs.length + PROBE.warmUpS * PROBE.requestsPerSecond
  const rate = (BUSY_SHARE * availableParallelism() * 1e6) / ((cpuUs() - before) / sent)
  return Math.round(Math.min(RATES.most, Math.max(RATES.least, rate)) / 10) * 10
}

async function rollOutAfter(
  delayS: number,
  lab: MissionLab,
  signal: AbortSignal,
  onRolling: (isRolling: boolean) => void,
): Promise<{ result: Result; seconds: number }> {
  await sleep(delayS * 1000, undefined, { signal })
  const { directory, releases, made, publicUrl, certificate, instances, people } = lab
  writeFileSync(join(directory, 'smoke-test'), people[0]?.pat.Authorization ?? '', { mode: 0o600 })
  const smokeTests = [
    { path: '/DefaultCollection/_apis/wit/workitems/1k', status: 401 },
    { path: '/1k', status: 200, content: 'torhaus', fieldFiles: { Authorization: 'smoke-test' } },
  ]
  const planFile = join(directory, 'plan.yaml')
  const { certificateFile } = certificate
  const place = { directory, releases, made, publicUrl, certificateFile, instances, smokeTests }
  writeFileSync(planFile, stringify(planOf({ ...place, adminCredentialFile: ADMIN_CREDENTIAL })))
  const startMs = performance.now()
  onRolling(true)
  try {
    const result = await runRollOut(planFile, SECOND_VERSION, signal)
    return { result, seconds: (performance.now() - startMs) / 1000 }
  } finally {
    onRolling(false)
  }
}

class Tally {
  readonly latenciesMs: number[] = []
  readonly latenessMs: number[] = []
  errors = 0
  bytes = 0

  add({ latenciesMs, latenessMs, errors, bytes }: ConstantRate): void {
    for (const latencyMs of latenciesMs) this.latenciesMs.push(latencyMs)
    for (const lateMs of latenessMs) this.latenessMs.push(lateMs)
    this.errors += errors
    this.bytes += bytes
  }
}
