import type { Result as RolledOut } from '../../deploy/roll-out/roll-out.ts'

/** The last line of `--json`. */
export interface MissionFigures {
  readonly requests: number
  readonly errors: number
  readonly addedP99Ms: number
  readonly cpuUsPerRequest: number
  /** Connections opened to the origin server. */
  readonly upstreamSockets: number
  /** Since before the instances were started. */
  readonly kdcRequests: number
  /** Of content, both ways. */
  readonly bytes: number
}

export interface MissionResult {
  readonly kind: 'mission'
  readonly figures: MissionFigures
  readonly requestsPerSecond: number
  /** Added outside the roll-out. */
  readonly steadyAddedP99Ms: number
  /** Of the generator alone, late without any proxy's doing. */
  readonly latenessP99Ms: number
  readonly rollOut: RolledOut
  /** Undefined where it ended after the load. */
  readonly rollOutS: number | undefined
}
