/** The measured figures as one JSON line of fixed shape, and as a Markdown table with the spread. */
import { type Figures, type Spread, spread } from './figures.ts'

export interface Report {
  readonly scenario: string
  readonly description: string
  readonly subject: Figures
  readonly peers: ReadonlyMap<string, Figures>
  /** The origin server without a proxy. */
  readonly direct: Figures
}

export function jsonLine({ scenario, subject, peers }: Report): string {
  const entries = [...peers].map(([name, figures]) => [name, plain(figures)])
  return JSON.stringify({ scenario, subject: plain(subject), peers: Object.fromEntries(entries) })
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

export function markdown({ scenario, description, subject, peers, direct }: Report): string {
  const rows = [['torhaus', subject] as const, ...peers, ['(no proxy)', direct] as const]
  const unit = subject.cpuMsPerGb === undefined ? 'CPU us/request' : 'CPU ms/GB'
  const head = `| | ${unit} | torhaus costs x times | requests/s | p50 ms | p99 ms | added p50 / p99 ms | sockets | RSS MB | errors |`
  const lines = rows.map(([name, figures]) => row(name, figures, subject, direct))
  return [`### ${scenario}`, '', description, '', head, `|---${'|---:'.repeat(9)}|`, ...lines, ''].join('\n')
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

const spreadText = ({ median, least, most }: Spread, digits: number) =>
  `${median.toFixed(digits)} (${least.toFixed(digits)}-${most.toFixed(digits)})`
