/** What was measured of one subject, and how it is summed up. */
import type { Spread } from '../results/scenario-result.ts'

/** One turn at saturation, of transfers, of sign-ins, or of tunnels opened: each of them is a request here. */
export interface Turn {
  readonly requests: number
  readonly durationS: number
  readonly bytes: number
  /** Of the proxy's process and its workers; undefined for the origin server alone. */
  readonly cpuUs: number | undefined
  readonly errors: number
  readonly residentBytes: number
  /** Connections opened to the origin server during the turn. */
  readonly upstreamSockets: number
  readonly generatorCpuUs: number | undefined
}

/** Everything measured of one subject. */
export interface Measured {
  readonly turns: Turn[]
  /** Of handshakes alone; `turns` are then the full ones. */
  readonly resumedTurns: Turn[]
  /** Milliseconds: of requests at a constant rate, of whole transfers and sign-ins, of echoes through tunnels. */
  readonly latenciesMs: number[]
  readonly latenessMs: number[]
  /** Errors outside the turns: in warm-ups and at the constant rate. */
  errors: number
  /** Connections opened to the origin server while warming up. */
  warmUpSockets: number
  /** Further figures by what they are, units in the name. */
  readonly more: Record<string, number>
}

/** Of the start and all turns, whatever they were for. Only where there is a realm. */
export const KDC_REQUESTS = 'KDC requests'

export const newMeasured = (more: Record<string, number> = {}): Measured => ({
  turns: [],
  resumedTurns: [],
  latenciesMs: [],
  latenessMs: [],
  errors: 0,
  warmUpSockets: 0,
  more,
})

export interface Figures {
  readonly rps: Spread
  readonly cpuUsPerRequest: Spread
  readonly cpuMsPerGb: Spread | undefined
  /** Cost of each turn, in either unit: turns of the same number stood next to each other and compare best. */
  readonly costs: readonly number[]
  /** Microseconds of each turn of resumed handshakes; empty elsewhere. */
  readonly resumedCosts: readonly number[]
  readonly p50Ms: number
  readonly p99Ms: number
  readonly latenessP99Ms: number | undefined
  readonly errors: number
  /**
   * Most in one turn or the warm-up: a generator that ends takes the connections of its last requests with it, on both
   * sides.
   */
  readonly upstreamSockets: number
  readonly residentBytes: number
  /** Of generators that tell; undefined for the others. */
  readonly generatorCpuUsPerRequest: Spread | undefined
  readonly more: Readonly<Record<string, number>>
}

export function sumUp(measured: Measured): Figures {
  const { turns, resumedTurns, latenciesMs, latenessMs, warmUpSockets, more } = measured
  const allTurns = [...turns, ...resumedTurns]
  const isBulk = turns.some(turn => turn.bytes > 0)
  const cpuUsPerRequest = turns.map(costOf)
  const generatorCpuUsPerRequest = turns.flatMap(({ generatorCpuUs, requests }) =>
    generatorCpuUs === undefined ? [] : generatorCpuUs / requests,
  )
  const cpuMsPerGb = turns.map(turn => (turn.cpuUs ?? 0) / 1000 / (turn.bytes / 2 ** 30))
  return {
    rps: spread(turns.map(turn => turn.requests / turn.durationS)),
    cpuUsPerRequest: spread(cpuUsPerRequest),
    cpuMsPerGb: isBulk ? spread(cpuMsPerGb) : undefined,
    costs: isBulk ? cpuMsPerGb : cpuUsPerRequest,
    resumedCosts: resumedTurns.map(costOf),
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    latenessP99Ms: latenessMs.length === 0 ? undefined : percentile(latenessMs, 0.99),
    errors: errorsIn(measured),
    upstreamSockets: Math.max(warmUpSockets, ...allTurns.map(turn => turn.upstreamSockets)),
    residentBytes: Math.max(0, ...allTurns.map(turn => turn.residentBytes)),
    generatorCpuUsPerRequest: generatorCpuUsPerRequest.length === 0 ? undefined : spread(generatorCpuUsPerRequest),
    more,
  }
}

/** All so far, of turns and outside them. */
export const errorsIn = ({ turns, resumedTurns, errors }: Measured): number =>
  [...turns, ...resumedTurns].reduce((sum, turn) => sum + turn.errors, errors)

const costOf = ({ cpuUs, requests }: Turn) => (cpuUs ?? 0) / requests

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = (sorted.length - 1) / 2
  const at = (index: number) => sorted[index] ?? Number.NaN
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  }
}

/** Nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
