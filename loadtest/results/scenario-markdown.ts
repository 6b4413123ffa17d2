/** The figures of one scenario as Markdown tables. */
import { costGoals } from '../goals.ts'
import type { TlsSides } from '../lab/tls.ts'
import { populationText } from './population-text.ts'
import {
  type Comparison,
  type ResultRow,
  rowOf,
  type ScenarioResult,
  scenarioResultName,
  spreadText,
} from './scenario-result.ts'

/** Without a heading. */
export function scenarioMarkdown(result: ScenarioResult): string {
  const { description, store, tls, population, requestsPerSecond, notes, comparisons } = result
  const latencies = requestsPerSecond === undefined ? '' : ` Latencies at ${requestsPerSecond}/s.`
  const stored = store === 'redis' ? ' Redis as the store.' : ''
  const senders = population !== undefined ? ` Senders: ${populationText(population)}.` : ''
  const parts = [`${description}${senders} ${tlsSentences[tls]}${stored}${latencies}`, rowsTable(result)]
  if (comparisons.length > 0) parts.push(comparisonTable(comparisons))
  return [...parts, ...notes].join('\n\n')
}

const tlsSentences: Readonly<Record<TlsSides, string>> = {
  none: 'Plain HTTP on both sides.',
  client: 'TLS from clients, plain HTTP to the origin server.',
  both: 'TLS from clients and to the origin server.',
}

interface Column {
  readonly head: string
  readonly cell: (row: ResultRow) => string
}

function rowsTable(result: ScenarioResult): string {
  const { rows, unit } = result
  const direct = rowOf(result, 'direct')
  const goals = costGoals[scenarioResultName(result)] ?? {}
  const added = ({ name, p50Ms, p99Ms }: ResultRow) =>
    direct === undefined || name === 'direct'
      ? ''
      : `${(p50Ms - direct.p50Ms).toFixed(2)} / ${(p99Ms - direct.p99Ms).toFixed(2)}`
  const columns: Column[] = [
    { head: '', cell: row => row.name },
    { head: `CPU ${unit}`, cell: ({ cost }) => (cost === undefined ? '' : spreadText(cost, 1)) },
    {
      head: 'Torhaus costs x times',
      cell: ({ torhausCosts }) => (torhausCosts === undefined ? '' : spreadText(torhausCosts, 2)),
    },
    ...(rows.some(({ name }) => goals[name] !== undefined)
      ? [{ head: 'goal', cell: ({ name }: ResultRow) => (goals[name] === undefined ? '' : `${goals[name]} at most`) }]
      : []),
    {
      head: perSecond[unit],
      cell: ({ rps }) => (rps === undefined ? '' : spreadText(rps, rps.median < 100 ? 2 : 0)),
    },
    { head: 'p50 ms', cell: ({ p50Ms }) => p50Ms.toFixed(2) },
    { head: 'p99 ms', cell: ({ p99Ms }) => p99Ms.toFixed(2) },
    { head: 'added p50 / p99 ms', cell: added },
    { head: 'sockets', cell: ({ upstreamSockets }) => String(upstreamSockets ?? '') },
    { head: 'RSS MB', cell: ({ residentMb }) => String(residentMb ?? '') },
    ...[...new Set(rows.flatMap(({ more }) => Object.keys(more)))].map(what => ({
      head: what,
      cell: ({ more }: ResultRow) => String(more[what] ?? ''),
    })),
    { head: 'errors', cell: row => String(row.errors) },
  ]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = `|---|${'---:|'.repeat(columns.length - 1)}`
  return [
    line(columns.map(({ head }) => head)),
    rule,
    ...rows.map(row => line(columns.map(({ cell }) => cell(row)))),
  ].join('\n')
}

const perSecond = {
  'us/request': 'requests/s',
  'ms/GB': 'transfers/s',
  'us/sign-in': 'sign-ins/s',
  'us/tunnel': 'opened/s',
  'us/connection': 'connections/s',
} as const

export function comparisonTable(comparisons: readonly Comparison[]): string {
  const lines = comparisons.map(
    comparison => `| ${comparison.what} | ${measuredText(comparison)} | ${goalText(comparison)} |`,
  )
  return ['| | measured | goal |', '|---|---:|---:|', ...lines].join('\n')
}

export const measuredText = ({ measured, digits }: Comparison) =>
  typeof measured === 'number' ? measured.toFixed(digits) : spreadText(measured, digits)

export function goalText({ atMost, atLeast }: Comparison): string {
  if (atMost !== undefined) return `${atMost} at most`
  return atLeast === undefined ? '' : `${atLeast} at least`
}
