/** Any result as Markdown, without a heading. */
import type { ContentsResult } from '../contents/contents-result.ts'
import { type CurvesResult, curveOf } from '../curves/curves-result.ts'
import type { MissionResult } from '../mission/mission-result.ts'
import type { SoakResult } from '../soak/soak-result.ts'
import type { WorkersResult } from '../workers/workers-result.ts'
import type { Result } from './kept-result.ts'
import { comparisonTable, scenarioMarkdown } from './scenario-markdown.ts'
import { spreadText } from './scenario-result.ts'

export function resultMarkdown(result: Result): string {
  switch (result.kind) {
    case 'scenario':
      return scenarioMarkdown(result)
    case 'curves':
      return curvesMarkdown(result)
    case 'workers':
      return workersMarkdown(result)
    case 'soak':
      return soakMarkdown(result)
    case 'mission':
      return missionMarkdown(result)
    case 'contents':
      return contentsMarkdown(result)
  }
}

function missionMarkdown({ figures, requestsPerSecond, steadyAddedP99Ms, rollOutS }: MissionResult): string {
  const { requests, errors, addedP99Ms, cpuUsPerRequest, upstreamSockets, kdcRequests, bytes } = figures
  return [
    '| Requests | at | errors | added p99, ms | outside the roll-out | processor time, us | sockets to the server | asked of the KDC | MB | roll-out, s |',
    '|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    `| ${[
      ...[requests, `${requestsPerSecond}/s`, errors, addedP99Ms, steadyAddedP99Ms, cpuUsPerRequest, upstreamSockets],
      ...[kdcRequests, Math.round(bytes / 1e6), rollOutS ?? 'longer than the load'],
    ].join(' | ')} |`,
  ].join('\n')
}

function curvesMarkdown(result: CurvesResult): string {
  const tables = result.curves.map(({ name }) => curveMarkdown(result, name))
  return [...tables, memoryMarkdown(result)].join('\n\n')
}

export function memoryMarkdown({ memory }: CurvesResult): string {
  const { baseMb, bytesPerSession, bytesPerPrincipal, bytesPerConnection, bytesPerTlsConnection } = memory
  const rows = [
    '| Memory | |',
    '|---|---:|',
    `| Torhaus after a short load, resident MB | ${baseMb} |`,
    `| one more session in the cache, bytes of heap | ${bytesPerSession} |`,
    `| one more principal with its assertion, bytes of heap | ${bytesPerPrincipal} |`,
    `| one more idle client connection, bytes resident | ${bytesPerConnection} |`,
    ...(bytesPerTlsConnection === undefined
      ? []
      : [`| one more over TLS, bytes resident | ${bytesPerTlsConnection} |`]),
  ]
  return rows.join('\n')
}

export function curveMarkdown(result: CurvesResult, name: CurvesResult['curves'][number]['name']): string {
  const curve = curveOf(result, name)
  if (curve === undefined) return ''
  const rows = Object.entries(curve.lines).flatMap(([subject, points]) =>
    points.map(({ x, cpuUsPerRequest, rps, residentMb, errors }) => {
      const cells = [subject, x, spreadText(cpuUsPerRequest, 1), spreadText(rps, 0), residentMb, errors]
      return `| ${cells.join(' | ')} |`
    }),
  )
  const head = `| | ${curve.xLabel} | CPU us/request | requests/s | RSS MB | errors |`
  return [curve.description, '', head, '|---|---:|---:|---:|---:|---:|', ...rows].join('\n')
}

function workersMarkdown({ description, rows, comparisons }: WorkersResult): string {
  const lines = rows.map(({ workers, rps, cpuUsPerRequest, availableCores, residentMb, errors }) => {
    const cells = [
      workers,
      spreadText(rps, 0),
      spreadText(cpuUsPerRequest, 1),
      spreadText(availableCores, 2),
      residentMb,
      errors,
    ]
    return `| ${cells.join(' | ')} |`
  })
  const head = '| workers | requests/s | CPU us/request | cores used or left unused | RSS MB | errors |'
  const table = [head, '|---:|---:|---:|---:|---:|---:|', ...lines].join('\n')
  return [description, table, comparisonTable(comparisons)].join('\n\n')
}

function soakMarkdown({ description, samples, warmUpS, residentMbPerHour, errors }: SoakResult): string {
  const most = (of: (sample: SoakResult['samples'][number]) => number) => Math.max(0, ...samples.map(of))
  const last = samples.at(-1)
  const rows = [
    ['errors', errors],
    ['connections of clients, most', most(({ socketsDown }) => socketsDown)],
    ['connections to the origin server, most', most(({ socketsUp }) => socketsUp)],
    ['resident MB, most / at the end', `${most(({ residentMb }) => residentMb)} / ${last?.residentMb ?? ''}`],
    [`resident MB per hour, after ${Math.round(warmUpS)} s`, residentMbPerHour],
    ['p99 ms, most in any interval', most(({ p99Ms }) => p99Ms)],
    ['CPU % of one core, most in any interval', most(({ cpuPercent }) => cpuPercent)],
  ]
  return [description, '', '| | |', '|---|---:|', ...rows.map(([what, value]) => `| ${what} | ${value} |`)].join('\n')
}

function contentsMarkdown({ description, rounds, mistakes }: ContentsResult): string {
  const lines = rounds.map(({ exchanges, seconds, residentMb, heapMb, externalMb }, index) => {
    return `| ${[index + 1, exchanges, seconds, residentMb, heapMb, externalMb].join(' | ')} |`
  })
  const head = '| round | exchanges | s | resident MB | heap MB | outside of it MB |'
  return [description, '', head, '|---:|---:|---:|---:|---:|---:|', ...lines, '', `Mistakes: ${mistakes.length}.`].join(
    '\n',
  )
}
