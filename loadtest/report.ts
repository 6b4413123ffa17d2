/** The measured figures as one JSON line of fixed shape, and as a Markdown table with the spread. */
import { type DelegationCost, delegationTable } from './delegation-cost.ts'
import { type Figures, spread, spreadText } from './figures.ts'

export interface Report {
  readonly scenario: string
  readonly description: string
  readonly subject: Figures
  readonly peers: ReadonlyMap<string, Figures>
  /** The origin server without a proxy. */
  readonly direct: Figures
  /** Whether there was a KDC, so that requests to it were counted. */
  readonly countsKdcRequests: boolean
  readonly delegation: DelegationCost | undefined
}

export function jsonLine({ scenario, subject, peers, countsKdcRequests, delegation }: Report): string {
  const withKdc = (figures: Figures) =>
    countsKdcRequests ? { ...plain(figures), kdcRequests: figures.kdcRequests } : plain(figures)
  const entries = [...peers].map(([name, figures]) => [name, withKdc(figures)])
  return JSON.stringify({
    scenario,
    subject: withKdc(subject),
    peers: Object.fromEntries(entries),
    ...(delegation && {
      delegation: {
        initiationCpuUs: rounded(delegation.initiationCpuUs.median, 1),
        addedOverInitiation: rounded(delegation.addedOverInitiation.median, 2),
        connectionOverSession: rounded(delegation.connectionOverSession.median, 2),
      },
    }),
  })
}

function plain({ rps, p50Ms, p99Ms, cpuUsPerRequest, errors, upstreamSockets }: Figures) {
  return {
    rps: rounded(rps.median, 1),
    p50Ms: rounded(p50Ms, 3),
    p99Ms: rounded(p99Ms, 3),
    cpuUsPerRequest: rounded(cpuUsPerRequest.median, 1),
    errors,
    upstreamSockets,
  }
}

const rounded = (value: number, digits: number) => Number(value.toFixed(digits))

export function markdown(report: Report): string {
  const { scenario, description, subject, peers, direct, countsKdcRequests, delegation } = report
  const rows = [['torhaus', subject] as const, ...peers, ['(no proxy)', direct] as const]
  const unit = subject.cpuMsPerGb === undefined ? 'CPU us/request' : 'CPU ms/GB'
  const head = `| | ${unit} | torhaus costs x times | requests/s | p50 ms | p99 ms | added p50 / p99 ms | sockets | RSS MB | errors |${countsKdcRequests ? ' KDC requests |' : ''}`
  const kdc = (figures: Figures) => (countsKdcRequests ? ` ${figures === direct ? '' : figures.kdcRequests} |` : '')
  const lines = rows.map(([name, figures]) => row(name, figures, subject, direct) + kdc(figures))
  const rule = `|---${'|---:'.repeat(countsKdcRequests ? 10 : 9)}|`
  const notes = rows.flatMap(([name, { generatorCpuUsPerRequest: cost }]) =>
    cost === undefined
      ? []
      : `The generator of ${name} took ${spreadText(cost, 1)} us CPU per request on its own core.`,
  )
  const parts = [[`### ${scenario}`], [description], [head, rule, ...lines]]
  if (delegation !== undefined) parts.push([delegationTable(delegation).trimEnd()])
  if (notes.length > 0) parts.push(notes)
  return `${parts.map(part => part.join('\n')).join('\n\n')}\n`
}

function row(name: string, figures: Figures, subject: Figures, direct: Figures): string {
  const { rps, p50Ms, p99Ms, errors, upstreamSockets, residentBytes } = figures
  const isDirect = figures === direct
  const ratios = subject.costs.map((cost, round) => cost / (figures.costs[round] ?? Number.NaN))
  const cells = [
    name,
    isDirect ? '' : spreadText(cost(figures), 1),
    isDirect || figures === subject ? '' : spreadText(spread(ratios), 2),
    isDirect ? '' : spreadText(rps, rps.median < 100 ? 2 : 0),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    isDirect ? '' : `${(p50Ms - direct.p50Ms).toFixed(2)} / ${(p99Ms - direct.p99Ms).toFixed(2)}`,
    isDirect ? '' : String(upstreamSockets),
    isDirect ? '' : String(Math.round(residentBytes / 1e6)),
    String(errors),
  ]
  return `| ${cells.join(' | ')} |`
}

const cost = ({ cpuMsPerGb, cpuUsPerRequest }: Figures) => cpuMsPerGb ?? cpuUsPerRequest
