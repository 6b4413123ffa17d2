import type { TorhausKind } from './lab/torhaus-kind.ts'
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
  /** Default: `assertion`. */
  readonly torhaus?: TorhausKind
  readonly kerberos?: KerberosPart
  /** Compared with by `--peers`; default: the usual ones. */
  readonly peers?: readonly string[]
  /** Compared with even without `--peers`. */
  readonly alwaysAgainst?: readonly string[]
}

/** What a scenario with Kerberos needs besides. */
interface KerberosPart {
  /** An account of the directory, and user of the OP under the same name. */
  readonly user: string
  /** Whether everybody of the population has an account of the directory, too. */
  readonly isCrowdThere: boolean
  /** Other kinds of Torhaus beside it, by name; they know the same sessions. */
  readonly beside: Readonly<Record<string, TorhausKind>>
  /** More requests than this from Torhaus to the KDC, its start included, are a failure; and for each principal. */
  readonly maxKdcRequests: number
  readonly maxKdcRequestsEach: number
  /** Whether what delegation adds is compared with the cost of bare GSSAPI (delegation-cost.ts). */
  readonly comparesDelegation: boolean
}

/** Many small exchanges: saturation for throughput and processor time, then a constant rate for latency. */
export interface RequestScenario extends ScenarioBase {
  readonly kind: 'requests'
  readonly connections: number
  /** Well under what the slowest peer can do, and generator and origin server on their one core. */
  readonly requestsPerSecond: number
  /** The same where TLS is spoken; default: no other. */
  readonly requestsPerSecondOverTls?: number
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

/** Many people at once sign in at the OP, each to the end. */
export interface SignInScenario extends ScenarioBase {
  readonly kind: 'sign-ins'
  readonly perSecond: number
  /** In each round. */
  readonly count: number
}

/** WebSockets that are open and say nothing. */
export interface TunnelScenario extends ScenarioBase {
  readonly kind: 'tunnels'
  readonly count: number
  readonly fields: (credentials: CredentialFields) => Readonly<Record<string, string>>
}

/** New TLS connections with one request each: full handshakes, then resumed ones. */
export interface HandshakeScenario extends ScenarioBase {
  readonly kind: 'handshakes'
  /** In a turn, of each kind. */
  readonly count: number
  /** Open at the same time. */
  readonly concurrency: number
  readonly request: (credentials: CredentialFields) => LoadRequest
}

export type Scenario = RequestScenario | TransferScenario | SignInScenario | TunnelScenario | HandshakeScenario

/** At which latencies are measured; a share of it in a short run. */
export const latencyRate = (scenario: RequestScenario, isOverTls: boolean, share: number): number =>
  ((isOverTls ? scenario.requestsPerSecondOverTls : undefined) ?? scenario.requestsPerSecond) * share
