/** One scenario, from the start of its laboratory to its result. */
import { besideName, contendersOf, crowdOf } from './contenders.ts'
import { openLaboratory } from './lab/laboratory.ts'
import type { StoreKind } from './lab/store.ts'
import type { TlsSides } from './lab/tls.ts'
import { torhaus, torhausBeside, torhausOf } from './lab/torhaus.ts'
import { delegationCost, measureInitiation } from './measure/delegation-cost.ts'
import { FULL, SHORT } from './measure/durations.ts'
import { KDC_REQUESTS, sumUp } from './measure/figures.ts'
import { measure } from './measure/measure.ts'
import { type PopulationSize, SHORT_SIZE, sizeOf, USUAL_SIZE } from './measure/population.ts'
import { populationCost } from './measure/population-cost.ts'
import { sumUpScenario } from './measure/sum-up-scenario.ts'
import { presentPeers } from './peer-table.ts'
import { populationText } from './results/population-text.ts'
import type { ScenarioResult } from './results/scenario-result.ts'
import type { Run } from './run-context.ts'
import { latencyRate, type Scenario } from './scenario.ts'
import type { Subject, SubjectStarter, Surroundings } from './subject.ts'
import { tlsNotes } from './tls-notes.ts'

export interface ScenarioWish {
  readonly scenario: Scenario
  readonly store: StoreKind
  readonly tls: TlsSides
  readonly peerNames: readonly string[]
  /** Another working tree, whose Torhaus is measured beside this one. */
  readonly baseline: string | undefined
  readonly nodeOptions: readonly string[]
  /** How many send, in place of the usual ones; then those of further Torhauses in the same rounds. */
  readonly identities: readonly number[]
  /** In place of the usual ones: so many, of a second each. */
  readonly rounds: number | undefined
}

/** Starts what the wish needs, measures it, and stops it again, also when something fails half-way. */
export async function runScenario(wish: ScenarioWish, { short, signal, tell }: Run): Promise<ScenarioResult> {
  const { scenario, peerNames, store, tls: sides } = wish
  const { kerberos } = scenario
  if (peerNames.length > 0) tell(`looking for ${peerNames.join(', ')} ...`)
  const { peers, absences } = await presentPeers(peerNames)
  for (const absence of absences) tell(absence)
  const usualSize = short ? SHORT_SIZE : USUAL_SIZE
  const sizes = wish.identities.length === 0 ? [usualSize] : wish.identities.map(sizeOf)
  await using laboratory = await openLaboratory({
    packages: peers.flatMap(peer => peer.packages),
    isAwake: true,
    ...{ store, tls: sides },
    ...(kerberos && { realm: { user: kerberos.user, crowd: kerberos.isCrowdThere ? principalsOf(sizes) : 0 } }),
  })
  const { origin, realm, identityProvider, redis, tls } = laboratory

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

  const people = await contendersOf(subjects, laboratory)
  const notes = [...(await tlsNotes(subjects, laboratory)), ...absences]
  const usual = short ? SHORT : FULL
  const durations = wish.rounds === undefined ? usual : { ...usual, rounds: wish.rounds, saturationS: 1 }
  const initiations: number[] = []
  const afterRound = async () => {
    if (realm === undefined || short || kerberos?.comparesDelegation !== true) return
    initiations.push(await measureInitiation(realm, signal))
    tell(`one GSSAPI initiation: ${initiations.at(-1)} us CPU`)
  }
  const { directory } = laboratory
  const startMs = performance.now()
  const { contenders, size } = await crowdOf(scenario, people, wish.identities, usualSize, laboratory)
  tell(
    `senders: ${size === undefined ? 'one' : populationText(size)}, made in ${Math.round(performance.now() - startMs)} ms`,
  )
  const setting = { durations, origin, identityProvider, realm, redis, tls, directory, signal, tell, afterRound }
  const measured = await measure(scenario, contenders, kdcRequests, setting)
  const figures = new Map([...measured].map(([name, what]) => [name, sumUp(what)]))
  const requestsPerSecond =
    scenario.kind === 'requests' ? latencyRate(scenario, tls !== undefined, durations.rateShare) : undefined
  const comparisons = [
    ...populationCost(scenario.name, figures, identitiesByName(wish.identities)),
    ...delegationCost(figures, initiations),
  ]
  return sumUpScenario(scenario, figures, {
    store,
    tls: sides,
    population: size,
    requestsPerSecond,
    comparisons,
    notes,
  })
}

/** The origin server by itself, as a client of its own would reach it: over TLS where clients speak it. */
const direct = ({ origin, tls }: Surroundings): Subject => ({
  name: 'direct',
  port: (tls && origin.tlsPort) ?? origin.port,
  server: undefined,
})

const principalsOf = (sizes: readonly PopulationSize[]) => Math.max(...sizes.map(({ principals }) => principals))

/** The one that is judged comes first. */
function torhausStarters({ scenario, nodeOptions, baseline, identities }: ScenarioWish): SubjectStarter[] {
  const kind = scenario.torhaus ?? 'assertion'
  return [
    torhaus(kind, nodeOptions),
    ...(baseline === undefined ? [] : [torhausOf(baseline, kind)]),
    ...Object.entries(scenario.kerberos?.beside ?? {}).map(([name, other]) => torhausBeside(name, other)),
    ...identities.slice(1).map(count => torhausBeside(besideName(count), kind)),
  ]
}

/** Of the Torhauses that differ in nothing else. */
const identitiesByName = (identities: readonly number[]) =>
  new Map(identities.map((count, at) => [at === 0 ? 'torhaus' : besideName(count), count]))

/** What was counted and must not be. Errors of peers stand in the result; they are theirs. */
export function scenarioFailures({ rows: [subject], population }: ScenarioResult, scenario: Scenario): string[] {
  if (subject === undefined) return ['nothing was measured']
  const { errors, upstreamSockets = 0, more } = subject
  const { maxUpstreamSockets, kerberos } = scenario
  const kdcRequests = more[KDC_REQUESTS] ?? 0
  const found = errors > 0 ? [`torhaus: ${errors} errors`] : []
  if (upstreamSockets > maxUpstreamSockets)
    found.push(`torhaus opened ${upstreamSockets} connections to the origin server, not ${maxUpstreamSockets}`)
  const { maxKdcRequests = Number.POSITIVE_INFINITY, maxKdcRequestsEach = 0 } = kerberos ?? {}
  const mostKdcRequests = maxKdcRequests + maxKdcRequestsEach * (population?.principals ?? 1)
  if (kdcRequests > mostKdcRequests)
    found.push(`torhaus sent ${kdcRequests} requests to the KDC, not ${mostKdcRequests}`)
  return found
}
