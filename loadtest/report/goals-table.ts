/** Every goal that kept results can be held against. */
import type { MemoryFigures } from '../curves/curves-result.ts'
import { costGoals, idleConnectionGoals } from '../goals.ts'
import { type KeptResult, resultName } from '../results/kept-result.ts'
import { populationText } from '../results/population-text.ts'
import { goalText, measuredText } from '../results/scenario-markdown.ts'
import { type Comparison, rowOf, scenarioResultName } from '../results/scenario-result.ts'

/** In the order of the results. */
export function goalsTable(results: Iterable<KeptResult>): string {
  const rows = [...results].flatMap(kept =>
    comparisonsOf(kept)
      .filter(({ atMost, atLeast }) => atMost !== undefined || atLeast !== undefined)
      .map(comparison => goalRow(whereOf(kept), comparison)),
  )
  if (rows.length === 0) return 'Nothing can be held against them yet.'
  return ['| | | measured | goal | |', '|---|---|---:|---:|---|', ...rows].join('\n')
}

/** With the population, where goals are those of one. */
function whereOf({ result }: KeptResult): string {
  const name = resultName(result)
  if (result.kind !== 'scenario' || result.population === undefined) return name
  return `${name}: ${populationText(result.population)}`
}

function comparisonsOf({ result }: KeptResult): readonly Comparison[] {
  if (result.kind === 'workers') return result.comparisons
  if (result.kind === 'curves') return idleConnections(result.memory)
  if (result.kind !== 'scenario') return []
  const ratios = Object.entries(costGoals[scenarioResultName(result)] ?? {}).flatMap(([peer, atMost]) => {
    const measured = rowOf(result, peer)?.torhausCosts
    return measured === undefined ? [] : [{ what: `cost beside ${peer}`, measured, digits: 2, atMost }]
  })
  return [...ratios, ...result.comparisons]
}

function idleConnections({ bytesPerConnection, bytesPerTlsConnection }: MemoryFigures): Comparison[] {
  const { plain, tls } = idleConnectionGoals
  const overTls = { what: 'one more idle connection over TLS, bytes', digits: 0, atMost: tls }
  return [
    { what: 'one more idle connection, bytes', measured: bytesPerConnection, digits: 0, atMost: plain },
    ...(bytesPerTlsConnection === undefined ? [] : [{ ...overTls, measured: bytesPerTlsConnection }]),
  ]
}

function goalRow(where: string, comparison: Comparison): string {
  const cells = [where, comparison.what, measuredText(comparison), goalText(comparison), verdictOf(comparison)]
  return `| ${cells.join(' | ')} |`
}

/** By the median. */
function verdictOf({ measured, atMost, atLeast, doubt }: Comparison): string {
  if (doubt !== undefined) return doubt
  const value = typeof measured === 'number' ? measured : measured.median
  const isMet = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast)
  return isMet ? 'met' : '**missed**'
}
