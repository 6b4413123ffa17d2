/** What is kept of a soak: plain JSON. */
export interface SoakSample {
  /** Seconds since the load began. */
  readonly atS: number
  readonly rps: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly errors: number
  /** Of one core, all processes of Torhaus together. */
  readonly cpuPercent: number
  readonly residentMb: number
  /** Undefined where the admin listener did not tell. */
  readonly heapMb?: number
  /** TCP connections of clients, and to the origin server, whatever their state but TIME_WAIT. */
  readonly socketsDown: number
  readonly socketsUp: number
}

export interface SoakResult {
  readonly kind: 'soak'
  readonly description: string
  readonly requestsPerSecond: number
  readonly minutes: number
  readonly samples: readonly SoakSample[]
  /** Samples before this do not count for the slope. */
  readonly warmUpS: number
  /** Slope of resident memory after the warm-up, by least squares. */
  readonly residentMbPerHour: number
  /** Those of the samples, and answers that never reached the origin server. */
  readonly errors: number
  readonly maxSocketsDown: number
  readonly maxSocketsUp: number
}
