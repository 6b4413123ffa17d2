/**
 * What is aimed at. Nothing fails for missing one of these: they depend on clocks, and are shown beside what was
 * measured.
 */

/** Cost of Torhaus beside that of a peer, at most. */
const smallRequests = { nginx: 2.5, apache: 1, 'apache-openidc': 0.4 } as const

/** With TLS from clients, and on both sides. */
const smallRequestsOverTls = { ...smallRequests, nginx: 2 } as const
const NEW_CONNECTION_GOALS = { nginx: 2 } as const

/**
 * By the name of the result, which says who speaks TLS, and by peer. Of the usual population (measure/population.ts)
 * where requests are small: `negotiate` of tickets of 5,000 principals.
 */
export const costGoals: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  session: smallRequests,
  'session-tls-client': smallRequestsOverTls,
  'session-tls-both': smallRequestsOverTls,
  bearer: smallRequests,
  'bearer-tls-client': smallRequestsOverTls,
  'bearer-tls-both': smallRequestsOverTls,
  pat: smallRequests,
  'pat-git': smallRequests,
  'pat-git-tls-client': smallRequestsOverTls,
  'pat-git-tls-both': smallRequestsOverTls,
  negotiate: { 'apache-gssapi': 0.3 },
  bulk: { nginx: 1.5 },
  'bulk-tls-both': { nginx: 0.9 },
  'bulk-up': { nginx: 1.5 },
  'bulk-up-tls-both': { nginx: 0.9 },
  'handshake-tls-client': NEW_CONNECTION_GOALS,
  'handshake-tls-both': NEW_CONNECTION_GOALS,
}

/**
 * Cost of so many identities beside one, by scenario, at most; in one run by `--identities`, with the first of them as
 * what all contenders are sent: docs/performance/README.md, "Population".
 */
export const populationGoals: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  session: { 10000: 1.25, 100000: 1.5 },
  pat: { 20000: 1.25 },
  'pat-git': { 20000: 1.25 },
}

/**
 * Of `impersonated` with sessions of the usual population: what a token in each request adds, in bare GSSAPI
 * initiations; what it costs, and one on each connection, in requests with a session alone.
 */
export const delegationGoals = { addedOverInitiation: 0.15, eachOverSession: 1.4, connectionOverSession: 1.2 } as const

/** Of resumed connections, by peer; those above are of full handshakes. */
export const resumptionGoals: Readonly<Record<string, number>> = NEW_CONNECTION_GOALS

/**
 * Milliseconds that Torhaus adds to a request without it. Those at a low rate hold for every other scenario of
 * requests.
 */
export const addedLatencyGoals = {
  lowRate: { p50Ms: 0.5, p99Ms: 2 },
  'mission-day': { p99Ms: 5 },
} as const

/** Of sessions and personal access tokens of the usual population, at the rate of the mission. */
export const REDIS_COMMANDS_GOAL = 0.1

/** Bytes that one more idle client connection takes, at most. */
export const idleConnectionGoals = { plain: 10_240, tls: 30_720 } as const

/** Throughput of two cores beside that of one, at least. */
export const TWO_CORES_GOAL = 1.8
