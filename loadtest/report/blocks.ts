/** Parts of pages that are made from results: between `<!-- NAME -->` and `<!-- /NAME -->`. */

import type { TlsSides } from '../lab/tls.ts'
import { reported } from '../reported.ts'
import { type KeptResults, resultIn, scenarioIn } from '../results/kept-result.ts'
import { populationText } from '../results/population-text.ts'
import { rowOf, type ScenarioResult, spreadText } from '../results/scenario-result.ts'
import {
  CONNECTIONS_PER_USER,
  capacityFor,
  costModel,
  MAX_BUSY,
  missionCapacityFor,
  PEAK_REQUESTS_PER_USER,
} from './cost-model.ts'
import { numberText } from './scale.ts'

const NOT_YET = 'Not measured yet.'

/** @throws where the page has no such place. */
export function fillBlock(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`the page has no place for ${name}`)
  return `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`
}

/** For the README: the headline. */
export function figuresBlock(results: KeptResults): string {
  const measured = TLS_FIRST.flatMap(sides =>
    reported.flatMap(({ scenario, tls, isWithPeers, resultName, title }) => {
      const result = isWithPeers && tls === sides ? scenarioIn(results, resultName) : undefined
      return result === undefined ? [] : [{ scenario, title, result }]
    }),
  )
  const headlines = measured.filter(({ scenario }) => HEADLINES.includes(scenario))
  const peers = HEADLINE_PEERS.filter(([peer]) => headlines.some(({ result }) => rowOf(result, peer) !== undefined))
  const lines = headlines.map(headline => ratioLine(headline, peers))
  const latencies = measured.filter(({ scenario }) => LATENCY_HEADLINES.includes(scenario)).flatMap(latencySentence)
  if (lines.length === 0) return NOT_YET
  const head = `| Processor time of Torhaus, as a multiple of | ${peers.map(([, title]) => title).join(' | ')} |`
  const table = [head, `|---|${'---:|'.repeat(peers.length)}`, ...lines].join('\n')
  const sentBy = measured.flatMap(({ scenario, result: { population } }, at) => {
    const isFirst = measured.findIndex(other => other.scenario === scenario) === at
    return isFirst && population !== undefined && HEADLINES.includes(scenario)
      ? [`${scenario} by ${populationText(population)}`]
      : []
  })
  const senders = sentBy.length === 0 ? [] : [`Small requests are sent: ${sentBy.join('; ')}.`]
  return [table, ...senders, ...(latencies.length === 0 ? [] : [latencies.join(' ')])].join('\n\n')
}

const TLS_FIRST: readonly TlsSides[] = ['both', 'client', 'none']
const HEADLINES = ['session', 'bearer', 'pat-git', 'bulk', 'bulk-up', 'handshake']
const LATENCY_HEADLINES = ['session', 'mission-day']

const HEADLINE_PEERS: readonly HeadlinePeer[] = [
  ['apache-openidc', 'Apache mod_auth_openidc'],
  ['oauth2-proxy', 'oauth2-proxy'],
  ['http-proxy', '@fastify/http-proxy'],
  ['apache', 'Apache mod_proxy'],
  ['caddy', 'Caddy'],
  ['nginx', 'nginx'],
]

type HeadlinePeer = readonly [name: string, title: string]

interface Headline {
  readonly title: string
  readonly result: ScenarioResult
}

function ratioLine({ title, result }: Headline, peers: readonly HeadlinePeer[]): string {
  const cells = peers.map(([peer]) => {
    const ratio = rowOf(result, peer)?.torhausCosts
    return ratio === undefined ? '' : spreadText(ratio, 2)
  })
  return `| ${title} | ${cells.join(' | ')} |`
}

function latencySentence({ title, result }: Headline): string[] {
  const [subject, direct] = [result.rows[0], rowOf(result, 'direct')]
  if (subject === undefined || direct === undefined) return []
  const p50 = (subject.p50Ms - direct.p50Ms).toFixed(2)
  const p99 = (subject.p99Ms - direct.p99Ms).toFixed(2)
  return [`Added to a request at ${result.requestsPerSecond}/s (${title}): p50 ${p50} ms, p99 ${p99} ms.`]
}

const missionTls: Readonly<Record<TlsSides, string>> = {
  none: 'over plain HTTP',
  client: 'with TLS from clients',
  both: 'with TLS on both sides',
}

const USERS = [1000, 10_000, 50_000]

/** For docs/performance/README.md: the cost model, and what it comes to. */
export function capacityBlock(results: KeptResults): string {
  const model = costModel(results)
  if (model === undefined) return NOT_YET
  const { usPerRequest, usPerKb, usPerMissionRequest, memory, mission, population } = model
  const rows = USERS.map(users => {
    const { requestsPerSecond, mbPerSecond, busyCores, cores, memoryMb } = capacityFor(users, model)
    const cells = [users, requestsPerSecond, Math.round(mbPerSecond)].map(numberText)
    return `| ${[...cells, busyCores.toFixed(2), cores, numberText(Math.round(memoryMb))].join(' | ')} |`
  })
  return [
    `A request over plain HTTP, of ${populationText(population)}, takes ${usPerRequest.toFixed(0)} us of processor time and ${usPerKb.toFixed(2)} us for each KB of its response; ` +
      `one of the mission mix ${missionTls[mission.tls]}, of ${populationText(mission.population ?? {})}, 100 KB on average, ${usPerMissionRequest.toFixed(0)} us.`,
    `A process takes ${memory.baseMb.toFixed(0)} MB, and for each session in its cache ${numberText(memory.bytesPerSession)} bytes, for each principal ${numberText(memory.bytesPerPrincipal)}, for each idle client connection ${numberText(memory.bytesPerConnection)}.`,
    [
      '| People at work | requests/s at the peak | MB/s | busy cores | cores to have | memory, MB |',
      '|---:|---:|---:|---:|---:|---:|',
      ...rows,
    ].join('\n'),
    `People make ${PEAK_REQUESTS_PER_USER} requests per second at the peak, as 10,000 of them make 3,000, and keep ${CONNECTIONS_PER_USER} connections; a core is busy for ${100 * MAX_BUSY} % of the time at most. The cores are those of the mission mix.`,
  ].join('\n\n')
}

/** For docs/performance/README.md: what the run of the whole mission comes to. */
export function missionCapacityBlock(results: KeptResults): string {
  const mission = resultIn(results, 'mission')
  if (mission === undefined) return NOT_YET
  const { cpuUsPerRequest, requests, bytes, errors } = mission.figures
  const rows = USERS.map(users => {
    const { requestsPerSecond, mbPerSecond, busyCores, cores } = missionCapacityFor(users, mission)
    const cells = [users, requestsPerSecond, Math.round(mbPerSecond)].map(numberText)
    return `| ${[...cells, busyCores.toFixed(2), cores].join(' | ')} |`
  })
  return [
    `A run of ${numberText(requests)} requests at ${mission.requestsPerSecond}/s, ${Math.round(bytes / requests / 1000)} KB each on average, with ${errors} errors: ` +
      `${cpuUsPerRequest.toFixed(0)} us of processor time a request, in all processes of Torhaus.`,
    [
      '| People at work | requests/s at the peak | MB/s | busy cores | cores to have |',
      '|---:|---:|---:|---:|---:|',
      ...rows,
    ].join('\n'),
  ].join('\n\n')
}
