import type { DirectoryStatistics } from '../kerberos/directory.ts'
import type { UpstreamStatistics } from '../upstream/upstream.ts'

/** The sources of gauges, queried when the metrics are read. */
export interface MetricSources {
  readonly upstream: () => UpstreamStatistics
  readonly clientConnections: () => number
  readonly pipelinedRequests: () => number
  readonly unprovenContentBytes: () => number
  readonly tunnels: () => number
  readonly unrecognisedPats: () => number
  readonly directory?: () => DirectoryStatistics
  readonly isStoreAvailable: () => boolean
  /**
   * How far the clock of this machine is ahead of that of the store, where it has one; undefined while that is not
   * known.
   */
  readonly clockDifferenceMs?: (() => number | undefined) | undefined
}
