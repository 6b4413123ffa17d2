/** What is kept of a run of one scenario: plain JSON, from which tables and pictures are made. */
import type { StoreKind } from '../lab/store.ts'
import type { TlsSides } from '../lab/tls.ts'
import type { PopulationSize } from '../measure/population.ts'

/** Of the rounds. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export const spreadText = ({ median, least, most }: Spread, digits: number) =>
  `${median.toFixed(digits)} (${least.toFixed(digits)}-${most.toFixed(digits)})`

export type CostUnit = 'us/request' | 'ms/GB' | 'us/sign-in' | 'us/tunnel' | 'us/connection'

/** One subject. What only a proxy has is undefined for the origin server by itself. */
export interface ResultRow {
  readonly name: string
  readonly rps?: Spread
  /** Processor time of the proxy, in the unit of the result. */
  readonly cost?: Spread
  readonly cpuUsPerRequest?: number
  /** Cost of Torhaus divided by that of this peer, taken per round. */
  readonly torhausCosts?: Spread
  readonly p50Ms: number
  readonly p99Ms: number
  /** How late the generator of the latencies itself was. */
  readonly latenessP99Ms?: number
  readonly upstreamSockets?: number
  readonly residentMb?: number
  readonly errors: number
  /** Further figures by what they are, units in the name. */
  readonly more: Readonly<Record<string, number>>
}

/** A figure beside its goal. */
export interface Comparison {
  readonly what: string
  readonly measured: Spread | number
  readonly digits: number
  readonly atMost?: number
  readonly atLeast?: number
  /** Why this figure says nothing about the goal. */
  readonly doubt?: string
}

/** Among the further figures of a row, where the store is Redis: in a steady state. */
export const REDIS_COMMANDS = 'Redis commands/request'

export const TOO_BUSY = 'the machine was too busy to tell'

export interface ScenarioResult {
  readonly kind: 'scenario'
  readonly scenario: string
  readonly description: string
  readonly store: StoreKind
  readonly tls: TlsSides
  /** Who sent small requests; undefined where few large ones are sent. */
  readonly population?: Readonly<Partial<PopulationSize>>
  readonly unit: CostUnit
  /** Of the latencies. */
  readonly requestsPerSecond?: number
  /**
   * Torhaus first, then what it is compared with, `direct` last: the origin server by itself, where it was measured.
   */
  readonly rows: readonly ResultRow[]
  readonly comparisons: readonly Comparison[]
  readonly notes: readonly string[]
}

/** `session`, with TLS `session-tls-client`, with Redis `session-redis`: what it is kept and judged as. */
export const scenarioResultName = ({ scenario, store, tls }: Pick<ScenarioResult, 'scenario' | 'store' | 'tls'>) =>
  scenario + (tls === 'none' ? '' : `-tls-${tls}`) + (store === 'sqlite' ? '' : `-${store}`)

export const rowOf = ({ rows }: ScenarioResult, name: string) => rows.find(row => row.name === name)

/** The last line of `--json`. */
export function jsonLine({ scenario, store, tls, population, rows }: ScenarioResult): string {
  const [subject, ...others] = rows
  if (subject === undefined) throw new Error('nothing was measured')
  const peers = others.filter(({ name }) => name !== 'direct').map(row => [row.name, figuresOf(row)])
  return JSON.stringify({
    scenario,
    store,
    tls,
    population,
    subject: figuresOf(subject),
    peers: Object.fromEntries(peers),
  })
}

const figuresOf = ({ rps, p50Ms, p99Ms, cpuUsPerRequest, errors, upstreamSockets, more }: ResultRow) => ({
  rps: rps?.median ?? 0,
  p50Ms,
  p99Ms,
  cpuUsPerRequest: cpuUsPerRequest ?? 0,
  errors,
  upstreamSockets: upstreamSockets ?? 0,
  ...(REDIS_COMMANDS in more && { redisCommandsPerRequest: more[REDIS_COMMANDS] }),
})
