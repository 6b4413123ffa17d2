/**
 * What is aimed at. Nothing fails for missing one of these: they depend on clocks, and are shown beside what was
 * measured.
 */

/** Cost of Torhaus beside that of a peer, at most. */
const smallRequests = { nginx: 2.5, apache: 1, 'apache-openidc': 0.4 } as const

export const costGoals: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  session: smallRequests,
  bearer: smallRequests,
  pat: smallRequests,
  'pat-git': smallRequests,
  bulk: { nginx: 1.5 },
  'bulk-up': { nginx: 1.5 },
}

/**
 * Milliseconds that Torhaus adds to a request without it. Those at a low rate hold for every other scenario of
 * requests.
 */
export const addedLatencyGoals = {
  lowRate: { p50Ms: 0.5, p99Ms: 2 },
  'mission-day': { p99Ms: 5 },
} as const

/** Throughput of two cores beside that of one, at least. */
export const TWO_CORES_GOAL = 1.8
