/** What is kept of the cost curves: plain JSON. */
import type { PopulationSize } from '../measure/population.ts'
import type { Spread } from '../results/scenario-result.ts'

export interface CurvePoint {
  readonly x: number
  readonly cpuUsPerRequest: Spread
  readonly rps: Spread
  readonly residentMb: number
  readonly errors: number
}

export interface Curve {
  readonly name: 'sessions' | 'principals' | 'response-bytes' | 'connections'
  readonly description: string
  /** With its unit. */
  readonly xLabel: string
  /** By subject; `torhaus` is always there. */
  readonly lines: Readonly<Record<string, readonly CurvePoint[]>>
}

/** What one more of each takes of memory. */
export interface MemoryFigures {
  /** Resident, after a short load. */
  readonly baseMb: number
  /** Growth of the heap, garbage collected first. */
  readonly bytesPerSession: number
  readonly bytesPerPrincipal: number
  /** Growth of resident memory, idle connections of clients that have had an answer. */
  readonly bytesPerConnection: number
  /** The same over TLS; not in results of before it was measured. */
  readonly bytesPerTlsConnection?: number
}

export interface CurvesResult {
  readonly kind: 'curves'
  /** Of the curves of size and connections. */
  readonly population: Readonly<Partial<PopulationSize>>
  readonly curves: readonly Curve[]
  readonly memory: MemoryFigures
}

export const curveOf = ({ curves }: CurvesResult, name: Curve['name']) => curves.find(curve => curve.name === name)
