import type { LoadRequest, Scheme } from './load.ts'
import type { OpenidcKind } from './peers/apache-openidc.ts'

/** What each scheme puts into a request: complete fields. A session belongs to the subject that gave it. */
export type CredentialFields = Readonly<Record<Scheme, Readonly<Record<string, string>>>>

interface ScenarioBase {
  readonly name: string
  /** One sentence for the report. */
  readonly description: string
  /** How mod_auth_openidc is set up to understand this traffic. */
  readonly openidc: OpenidcKind
  /** More connections than this from Torhaus to the origin server are a failure. */
  readonly maxUpstreamSockets: number
  /** Compared with even without `--peers`. */
  readonly alwaysAgainst?: readonly string[]
}

/** Many small exchanges: saturation for throughput and processor time, then a constant rate for latency. */
export interface RequestScenario extends ScenarioBase {
  readonly kind: 'requests'
  readonly connections: number
  /** Well under what the slowest peer can do. */
  readonly requestsPerSecond: number
  readonly requests: (credentials: CredentialFields) => LoadRequest[]
}

/** A few large contents, one after the other. */
export interface TransferScenario extends ScenarioBase {
  readonly kind: 'transfer'
  readonly count: number
  readonly request: (credentials: CredentialFields) => LoadRequest
  /** Bytes to send as content; undefined: nothing goes up. */
  readonly uploadBytes: number | undefined
}

export type Scenario = RequestScenario | TransferScenario
