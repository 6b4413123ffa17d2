/** What was measured of one subject, and how it is summed up. */

/** One turn at saturation, or one turn of transfers. */
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
}

/** Everything measured of one subject. */
export interface Measured {
  readonly turns: Turn[]
  /** Milliseconds: of requests at a constant rate, or of whole transfers. */
  readonly latenciesMs: number[]
  /** Errors outside the turns: in warm-ups and at the constant rate. */
  errors: number
}

export const newMeasured = (): Measured => ({ turns: [], latenciesMs: [], errors: 0 })

/** Of the turns. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export interface Figures {
  readonly rps: Spread
  readonly cpuUsPerRequest: Spread
  readonly cpuMsPerGb: Spread | undefined
  /** Cost of each turn, in either unit: turns of the same number stood next to each other and compare best. */
  readonly costs: readonly number[]
  readonly p50Ms: number
  readonly p99Ms: number
  readonly errors: number
  /** Most in one turn: a generator that ends takes the connections of its last requests with it, on both sides. */
  readonly upstreamSockets: number
  readonly residentBytes: number
}

export function sumUp({ turns, latenciesMs, errors }: Measured): Figures {
  const sorted = latenciesMs.toSorted((left, right) => left - right)
  const isBulk = turns.some(turn => turn.bytes > 0)
  const cpuUsPerRequest = turns.map(turn => (turn.cpuUs ?? 0) / turn.requests)
  const cpuMsPerGb = turns.map(turn => (turn.cpuUs ?? 0) / 1000 / (turn.bytes / 2 ** 30))
  return {
    rps: spread(turns.map(turn => turn.requests / turn.durationS)),
    cpuUsPerRequest: spread(cpuUsPerRequest),
    cpuMsPerGb: isBulk ? spread(cpuMsPerGb) : undefined,
    costs: isBulk ? cpuMsPerGb : cpuUsPerRequest,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    errors: turns.reduce((sum, turn) => sum + turn.errors, errors),
    upstreamSockets: Math.max(0, ...turns.map(turn => turn.upstreamSockets)),
    residentBytes: Math.max(0, ...turns.map(turn => turn.residentBytes)),
  }
}

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
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
