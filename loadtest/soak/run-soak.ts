/** `--soak`: the mission mix at a bounded rate for a long time. What grows, and what is not given back? */

import { contendersOf, crowdOf } from '../contenders.ts'
import { sendAtConstantRate } from '../generators/constant-rate.ts'
import { openLaboratory } from '../lab/laboratory.ts'
import type { Origin } from '../lab/origin.ts'
import { usageOf } from '../lab/process-usage.ts'
import { countSockets } from '../lab/socket-count.ts'
import { torhaus } from '../lab/torhaus.ts'
import type { ConstantRate } from '../load.ts'
import { percentile } from '../measure/figures.ts'
import { SHORT_SIZE, USUAL_SIZE } from '../measure/population.ts'
import { populationText } from '../results/population-text.ts'
import { rounded } from '../results/rounded.ts'
import type { Run } from '../run-context.ts'
import { missionDay } from '../scenarios/mission-day.ts'
import type { Subject } from '../subject.ts'
import { slope } from './slope.ts'
import type { SoakResult, SoakSample } from './soak-result.ts'

const CONNECTIONS = 64
const FULL = { requestsPerSecond: 500, everyS: 10 }
const SHORT = { requestsPerSecond: 100, everyS: 2 }
/** Heaps and pools have found their size after that; at most a third of the whole. */
const WARM_UP_S = 300

export async function runSoak(minutes: number, { short, signal, tell }: Run): Promise<SoakResult> {
  const { requestsPerSecond, everyS } = short ? SHORT : FULL
  const durationS = minutes * 60
  await using laboratory = await openLaboratory({})
  const { origin } = laboratory
  const subject = await laboratory.start(torhaus('assertion'))
  const people = await contendersOf([subject], laboratory)
  const { contenders, size = {} } = await crowdOf(missionDay, people, [], short ? SHORT_SIZE : USUAL_SIZE, laboratory)
  const { population, credentials: [credentials] = [] } = contenders[0] ?? {}
  if (credentials === undefined || population === undefined || missionDay.kind !== 'requests')
    throw new Error('a soak needs people')

  const samples: SoakSample[] = []
  let errors = 0
  const sampling: Promise<void>[] = []
  const sampler = new Sampler(subject, origin)
  const order = {
    ...{ port: subject.port, connections: CONNECTIONS, requestsPerSecond, durationS, warmUpS: 0 },
    ...{ requests: missionDay.requests(credentials).map(population.anyones), lists: population.lists },
    reportEveryS: everyS,
  }
  const before = await origin.counts()
  await sendAtConstantRate(order, signal, report => {
    errors += report.errors
    subject.server?.forgetOutput()
    // The last report brings the few answers that came after the one before it.
    if (report.latenciesMs.length < (requestsPerSecond * everyS) / 2) return
    const taken = sampler.take(report).then(sample => {
      samples.push(sample)
      tell(sampleText(sample))
    })
    // Awaited below; until then a failure must not end this process.
    taken.catch(() => undefined)
    sampling.push(taken)
  })
  await Promise.all(sampling)
  const arrived = (await origin.counts()).requests - before.requests

  const warmUpS = Math.min(WARM_UP_S, durationS / 3)
  const settled = samples.filter(({ atS }) => atS >= warmUpS)
  return {
    kind: 'soak',
    description: `${missionDay.description.replace(/\.$/, '')}; senders: ${populationText(size)}; ${requestsPerSecond}/s over ${CONNECTIONS} connections for ${minutes} minutes.`,
    ...{ requestsPerSecond, minutes, samples, warmUpS },
    residentMbPerHour: rounded(slope(settled.map(({ atS, residentMb }) => ({ x: atS / 3600, y: residentMb })))),
    errors: errors + Math.max(0, durationS * requestsPerSecond - arrived),
    maxSocketsDown: CONNECTIONS,
    maxSocketsUp: missionDay.maxUpstreamSockets,
  }
}

/** Remembers what the processes had used at the sample before. */
class Sampler {
  readonly #subject: Subject
  readonly #origin: Origin
  readonly #startMs = performance.now()
  #lastMs = this.#startMs
  #lastCpuUs: number

  constructor(subject: Subject, origin: Origin) {
    this.#subject = subject
    this.#origin = origin
    this.#lastCpuUs = this.#usage().cpuUs
  }

  async take({ latenciesMs, errors }: ConstantRate): Promise<SoakSample> {
    const { cpuUs, residentBytes } = this.#usage()
    const { down, up } = countSockets(this.#subject.port, this.#origin.port)
    const nowMs = performance.now()
    const elapsedMs = nowMs - this.#lastMs
    const cpuPercent = (cpuUs - this.#lastCpuUs) / elapsedMs / 10
    this.#lastMs = nowMs
    this.#lastCpuUs = cpuUs
    const heapMb = await heapMbOf(this.#subject)
    return {
      atS: Math.round((nowMs - this.#startMs) / 1000),
      rps: rounded((latenciesMs.length * 1000) / elapsedMs),
      p50Ms: rounded(percentile(latenciesMs, 0.5), 3),
      p99Ms: rounded(percentile(latenciesMs, 0.99), 3),
      errors,
      cpuPercent: rounded(cpuPercent, 3),
      residentMb: rounded(residentBytes / 1e6),
      ...(heapMb !== undefined && { heapMb }),
      socketsDown: down,
      socketsUp: up,
    }
  }

  #usage() {
    if (this.#subject.server === undefined) throw new Error('a soak is that of a process')
    return usageOf(this.#subject.server.pid)
  }
}

async function heapMbOf({ adminPort }: Subject): Promise<number | undefined> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`)
  const heaps = (await response.text()).matchAll(/^nodejs_heap_size_used_bytes(?:\{[^}]*\})? (\S+)$/gm)
  const bytes = [...heaps].reduce((sum, [, value]) => sum + Number(value), 0)
  return bytes > 0 ? rounded(bytes / 1e6) : undefined
}

const sampleText = ({ atS, rps, p50Ms, p99Ms, errors, cpuPercent, residentMb, socketsDown, socketsUp }: SoakSample) =>
  `${atS} s: ${rps}/s, p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${errors} errors, ${cpuPercent} % CPU, ${residentMb} MB, sockets ${socketsDown} down ${socketsUp} up`

/** Counted things only. */
export function soakFailures({ samples, errors, maxSocketsDown, maxSocketsUp }: SoakResult): string[] {
  const most = (of: (sample: SoakSample) => number) => Math.max(0, ...samples.map(of))
  const [down, up] = [most(({ socketsDown }) => socketsDown), most(({ socketsUp }) => socketsUp)]
  const found = errors > 0 ? [`${errors} errors`] : []
  if (down > maxSocketsDown) found.push(`${down} connections of clients, not ${maxSocketsDown}`)
  if (up > maxSocketsUp) found.push(`${up} connections to the origin server, not ${maxSocketsUp}`)
  return found
}
