/** From what was measured of all subjects to the result that is kept. */
import { addedLatencyGoals, REDIS_COMMANDS_GOAL, resumptionGoals } from '../goals.ts'
import type { StoreKind } from '../lab/store.ts'
import type { TlsSides } from '../lab/tls.ts'
import { rounded, roundedSpread } from '../results/rounded.ts'
import type { Comparison, CostUnit, ResultRow, ScenarioResult } from '../results/scenario-result.ts'
import { REDIS_COMMANDS, spreadText, TOO_BUSY } from '../results/scenario-result.ts'
import type { Scenario } from '../scenario.ts'
import { type Figures, spread } from './figures.ts'
import type { PopulationSize } from './population.ts'

const units: Readonly<Record<Scenario['kind'], CostUnit>> = {
  requests: 'us/request',
  transfer: 'ms/GB',
  'sign-ins': 'us/sign-in',
  tunnels: 'us/tunnel',
  handshakes: 'us/connection',
}

/** What is said about a result beside its figures. */
interface About {
  readonly store: StoreKind
  readonly tls: TlsSides
  readonly population: Readonly<Partial<PopulationSize>> | undefined
  /** Of the latencies, where they were measured at a constant rate. */
  readonly requestsPerSecond: number | undefined
  readonly comparisons: readonly Comparison[]
  readonly notes: readonly string[]
}

export function sumUpScenario(
  scenario: Scenario,
  figures: ReadonlyMap<string, Figures>,
  { store, tls, population, requestsPerSecond, comparisons, notes }: About,
): ScenarioResult {
  const subject = figures.get('torhaus')
  if (subject === undefined) throw new Error('nothing was measured')
  const direct = figures.get('direct')
  return {
    kind: 'scenario',
    scenario: scenario.name,
    description: scenario.description,
    ...{ store, tls },
    ...(population !== undefined && { population }),
    unit: units[scenario.kind],
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
    rows: [...figures].map(([name, of]) => (of === direct ? directRow(of) : row(name, of, subject))),
    comparisons: [
      ...addedLatency(scenario, subject, direct),
      ...resumptions(figures, subject),
      ...redisCommands(subject),
      ...comparisons,
    ],
    notes: [...notes, ...generatorNotes(figures)],
  }
}

function generatorNotes(figures: ReadonlyMap<string, Figures>): string[] {
  const costs = [...figures].flatMap(([name, { generatorCpuUsPerRequest: cost }]) =>
    cost === undefined || name === 'direct' ? [] : `${name} ${spreadText(cost, 1)}`,
  )
  return costs.length === 0 ? [] : [`Of the generator, on its own core, CPU us per request: ${costs.join(', ')}.`]
}

function row(name: string, figures: Figures, subject: Figures): ResultRow {
  const { rps, cpuUsPerRequest, cpuMsPerGb, upstreamSockets, residentBytes } = figures
  const ratios = subject.costs.map((cost, round) => cost / (figures.costs[round] ?? Number.NaN))
  return {
    ...common(name, figures),
    rps: roundedSpread(rps),
    cost: roundedSpread(cpuMsPerGb ?? cpuUsPerRequest),
    cpuUsPerRequest: rounded(cpuUsPerRequest.median),
    ...(figures !== subject && { torhausCosts: roundedSpread(spread(ratios)) }),
    upstreamSockets,
    residentMb: Math.round(residentBytes / 1e6),
  }
}

const directRow = (figures: Figures) => common('direct', { ...figures, more: {} })

const common = (name: string, { p50Ms, p99Ms, latenessP99Ms, errors, more }: Figures) => ({
  name,
  p50Ms: rounded(p50Ms),
  p99Ms: rounded(p99Ms),
  ...(latenessP99Ms !== undefined && { latenessP99Ms: rounded(latenessP99Ms) }),
  errors,
  more: Object.fromEntries(Object.entries(more).map(([what, value]) => [what, rounded(value)])),
})

function redisCommands({ more: { [REDIS_COMMANDS]: measured } }: Figures): Comparison[] {
  if (measured === undefined) return []
  const what = 'Redis commands per request, in a steady state'
  return [{ what, measured: rounded(measured), digits: 3, atMost: REDIS_COMMANDS_GOAL }]
}

/** Cost of a resumed connection, and beside each peer, per round. */
function resumptions(figures: ReadonlyMap<string, Figures>, subject: Figures): Comparison[] {
  if (subject.resumedCosts.length === 0) return []
  const measured = (values: readonly number[]) => roundedSpread(spread(values))
  return [...figures].flatMap(([name, { resumedCosts }]) => {
    const cost = { what: `resumed connection, ${name}, CPU us`, measured: measured(resumedCosts), digits: 1 }
    if (resumedCosts === subject.resumedCosts) return [cost]
    const ratios = subject.resumedCosts.map((own, round) => own / (resumedCosts[round] ?? Number.NaN))
    const atMost = resumptionGoals[name]
    return [
      cost,
      {
        what: `resumed connection, cost beside ${name}`,
        ...{ measured: measured(ratios), digits: 2 },
        ...(atMost !== undefined && { atMost }),
      },
    ]
  })
}

function addedLatency({ name, kind, kerberos }: Scenario, subject: Figures, direct?: Figures): Comparison[] {
  if (kind !== 'requests' || kerberos !== undefined || direct === undefined) return []
  const goals = name === 'mission-day' ? { p50Ms: undefined, ...addedLatencyGoals[name] } : addedLatencyGoals.lowRate
  const lateness = Math.max(subject.latenessP99Ms ?? 0, direct.latenessP99Ms ?? 0)
  const comparison = (what: 'p50' | 'p99', measured: number, atMost: number | undefined) => ({
    what: `${what} added to a request without Torhaus, ms`,
    measured: rounded(measured),
    digits: 2,
    ...(atMost !== undefined && { atMost }),
    ...(what === 'p99' && lateness > (atMost ?? Number.POSITIVE_INFINITY) && { doubt: TOO_BUSY }),
  })
  return [
    comparison('p50', subject.p50Ms - direct.p50Ms, goals.p50Ms),
    comparison('p99', subject.p99Ms - direct.p99Ms, goals.p99Ms),
    {
      what: 'how late the generator itself was at p99, ms',
      measured: rounded(lateness),
      digits: 2,
    },
  ]
}
