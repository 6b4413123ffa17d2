/** One scenario, from the start of its laboratory to its result. */
import { credentialFields } from './credential-fields.ts'
import { agreedTls } from './generators/tls-check.ts'
import { openLaboratory } from './lab/laboratory.ts'
import type { Realm } from './lab/realm.ts'
import type { TlsSides } from './lab/tls.ts'
import { torhaus, torhausBeside, torhausOf } from './lab/torhaus.ts'
import type { Contender } from './measure/contender-load.ts'
import { delegationCost, measureInitiation } from './measure/delegation-cost.ts'
import { FULL, SHORT } from './measure/durations.ts'
import { KDC_REQUESTS, sumUp } from './measure/figures.ts'
import { measure } from './measure/measure.ts'
import { populationLike } from './measure/population.ts'
import { sumUpScenario } from './measure/sum-up-scenario.ts'
import { peerTable } from './peer-table.ts'
import type { ScenarioResult } from './results/scenario-result.ts'
import type { Run } from './run-context.ts'
import type { Scenario } from './scenario.ts'
import type { Subject, SubjectStarter, Surroundings } from './subject.ts'

export interface ScenarioWish {
  readonly scenario: Scenario
  readonly tls: TlsSides
  readonly peerNames: readonly string[]
  /** Another working tree, whose Torhaus is measured beside this one. */
  readonly baseline: string | undefined
  readonly nodeOptions: readonly string[]
  /** How many send while all connections are busy; undefined: one. */
  readonly identities: number | undefined
  /** In place of the usual ones: so many, of a second each. */
  readonly rounds: number | undefined
}

/** Starts what the wish needs, measures it, and stops it again, also when something fails half-way. */
export async function runScenario(wish: ScenarioWish, { short, signal, tell }: Run): Promise<ScenarioResult> {
  const { scenario, peerNames, tls: sides } = wish
  const { kerberos } = scenario
  const peers = peerNames.flatMap(name => peerTable.get(name) ?? [])
  await using laboratory = await openLaboratory({
    packages: peers.flatMap(peer => peer.packages),
    isAwake: true,
    tls: sides,
    ...(kerberos && { users: kerberos.users, realm: true }),
  })
  const { origin, realm, identityProvider, tls } = laboratory

  const subjects: Subject[] = []
  const kdcRequests = new Map<string, number>()
  for (const start of [...torhausStarters(wish), ...peers.map(peer => peer.start(scenario))]) {
    signal.throwIfAborted()
    const before = realm?.kdcRequests() ?? 0
    const subject = await laboratory.start(start)
    subjects.push(subject)
    kdcRequests.set(subject.name, (realm?.kdcRequests() ?? 0) - before)
  }
  if (scenario.kind !== 'sign-ins' && scenario.kind !== 'handshakes') subjects.push(direct(laboratory))

  const contenders = await contendersOf(subjects, laboratory)
  const notes = await tlsNotes(subjects, laboratory)
  const usual = short ? SHORT : FULL
  const durations = wish.rounds === undefined ? usual : { ...usual, rounds: wish.rounds, saturationS: 1 }
  const initiations: number[] = []
  const afterRound = async () => {
    if (realm === undefined || short || kerberos?.comparesDelegation !== true) return
    initiations.push(await measureInitiation(realm, signal))
    tell(`one GSSAPI initiation: ${initiations.at(-1)} us CPU`)
  }
  const { directory } = laboratory
  const population = populationOf(wish, contenders, laboratory)
  const setting = { durations, population, origin, identityProvider, realm, tls, directory, signal, tell, afterRound }
  const measured = await measure(scenario, contenders, kdcRequests, setting)
  const figures = new Map([...measured].map(([name, what]) => [name, sumUp(what)]))
  const requestsPerSecond = scenario.kind === 'requests' ? scenario.requestsPerSecond * durations.rateShare : undefined
  const comparisons = delegationCost(figures, initiations)
  return sumUpScenario(scenario, figures, { tls: sides, requestsPerSecond, comparisons, notes })
}

/** The origin server by itself, as a client of its own would reach it: over TLS where clients speak it. */
const direct = ({ origin, tls }: Surroundings): Subject => ({
  name: 'direct',
  port: (tls && origin.tlsPort) ?? origin.port,
  server: undefined,
})

/** Checks the certificate of each. Nothing to say where nobody speaks TLS. */
async function tlsNotes(subjects: readonly Subject[], { tls }: Surroundings): Promise<string[]> {
  if (tls === undefined) return []
  const agreed = await Promise.all(subjects.map(async ({ name, port }) => [name, await agreedTls(port, tls)] as const))
  const namesOf = Map.groupBy(agreed, ([, what]) => what)
  const sentences = [...namesOf].map(([what, by]) => `${what} (${by.map(([name]) => name).join(', ')})`)
  return [
    `One certificate and key (ECDSA P-256) for all. A client that offers what OpenSSL 3.0 does agreed on ${sentences.join('; ')}. ` +
      'Certificates are checked with the authority that signed them: once of each before anything is measured, and on every connection ' +
      `for latencies, tickets, new connections and transfers; wrk and autocannon look at none.${tls.isToOrigin ? ' Everyone checks that of the origin server.' : ''}`,
  ]
}

function populationOf({ scenario, identities }: ScenarioWish, contenders: readonly Contender[], where: Surroundings) {
  if (identities === undefined) return undefined
  const [request] =
    contenders[0]?.credentials.flatMap(scenario.kind === 'requests' ? scenario.requests : () => []) ?? []
  if (request === undefined) throw new TypeError('--identities is for scenarios of many small requests')
  return populationLike(request, identities, where)
}

/** The one that is judged comes first. */
function torhausStarters({ scenario, nodeOptions, baseline }: ScenarioWish): SubjectStarter[] {
  const kind = scenario.torhaus ?? 'assertion'
  return [
    torhaus(kind, nodeOptions),
    ...(baseline === undefined ? [] : [torhausOf(baseline, kind)]),
    ...Object.entries(scenario.kerberos?.beside ?? {}).map(([name, other]) => torhausBeside(name, other)),
  ]
}

interface People {
  readonly identityProvider: {
    readonly accessTokens: readonly string[]
    signIn(start: string, page: string): Promise<string[]>
  }
  readonly realm: Realm | undefined
}

/** Signs everybody in everywhere. Whoever knows no sessions is sent the cookie of Torhaus: the same bytes to carry. */
export async function contendersOf(
  subjects: readonly Subject[],
  { identityProvider, realm }: People,
): Promise<Contender[]> {
  const cookies = await Promise.all(
    subjects.map(({ signInPages: pages }) => pages && identityProvider.signIn(pages.start, pages.page)),
  )
  const { accessTokens } = identityProvider
  const tickets = (await realm?.freshTokens(accessTokens.length)) ?? []
  return subjects.map((subject, at) => ({
    subject,
    credentials: accessTokens.map((accessToken, user) => {
      const cookie = (cookies[at] ?? cookies[0])?.[user] ?? ''
      return credentialFields({ cookie, accessToken, ticket: tickets[user] ?? '' }, subject.name === 'apache-openidc')
    }),
  }))
}

/** What was counted and must not be. Errors of peers stand in the result; they are theirs. */
export function scenarioFailures({ rows: [subject] }: ScenarioResult, scenario: Scenario): string[] {
  if (subject === undefined) return ['nothing was measured']
  const { errors, upstreamSockets = 0, more } = subject
  const { maxUpstreamSockets, kerberos } = scenario
  const kdcRequests = more[KDC_REQUESTS] ?? 0
  const found = errors > 0 ? [`torhaus: ${errors} errors`] : []
  if (upstreamSockets > maxUpstreamSockets)
    found.push(`torhaus opened ${upstreamSockets} connections to the origin server, not ${maxUpstreamSockets}`)
  if (kerberos !== undefined && kdcRequests > kerberos.maxKdcRequests)
    found.push(`torhaus sent ${kdcRequests} requests to the KDC, not ${kerberos.maxKdcRequests}`)
  return found
}
