/** The report from what was kept: the same results give the same pages and pictures. */
import { machineText } from '../lab/machine.ts'
import { reported } from '../reported.ts'
import type { KeptResult, KeptResults } from '../results/kept-result.ts'
import { curveMarkdown, memoryMarkdown, resultMarkdown } from '../results/result-markdown.ts'
import { goalsTable } from './goals-table.ts'
import { renderPictures } from './pictures.ts'

interface Section {
  readonly title: string
  /** Name of the result. */
  readonly of: string
  readonly command: string
}

const SECTIONS: readonly Section[] = [
  ...reported.map(({ resultName: of, title, command }) => ({ title, of, command })),
  { title: 'Cost curves', of: 'curves', command: 'npm run loadtest -- --curves --keep' },
  { title: 'Two workers on two cores', of: 'workers', command: 'npm run loadtest -- --workers --keep' },
  { title: 'Soak', of: 'soak', command: 'npm run loadtest -- --soak --minutes 30 --keep' },
  { title: 'The whole mission', of: 'mission', command: 'npm run mission -- --keep' },
]

/** Files by name, in docs/performance. */
export function renderReport(results: KeptResults): Map<string, string> {
  const pictures = renderPictures(results)
  const image = (name: string, alternative: string) =>
    pictures.has(`${name}.svg`) ? [`<img src="${name}.svg" alt="${alternative}" width="760">`] : []
  const parts = [
    '# Performance report',
    'Made by `npm run loadtest -- --report` from what is kept in `results/`; not written by hand. What is measured and how is on the ' +
      '[page before](README.md).',
    ...(results.size === 0 ? ['Nothing is kept yet.'] : [runsTable(results), programsText(results)]),
    '## Goals',
    'Of medians, small requests sent by the population that is named. They stand in `loadtest/goals.ts`, and no run fails for missing one.',
    goalsTable(SECTIONS.flatMap(({ of }) => results.get(of) ?? [])),
    ...image('ratios', 'Processor time of Torhaus divided by that of other proxies, for each scenario'),
    ...SECTIONS.flatMap(section => renderSection(section, results.get(section.of), image)),
  ]
  return new Map([['report.md', `${parts.join('\n\n')}\n`], ...pictures])
}

function renderSection(
  { title, command }: Section,
  kept: KeptResult | undefined,
  image: (name: string, alternative: string) => string[],
): string[] {
  const head = [`## ${title}`, `\`${command}\``]
  if (kept === undefined) return [...head, 'Not measured yet.']
  const { result } = kept
  if (result.kind === 'soak')
    return [...head, ...image('soak', 'Memory, sockets and latency over time'), resultMarkdown(result)]
  if (result.kind !== 'curves') return [...head, resultMarkdown(result)]
  const curves = result.curves.flatMap(({ name, xLabel }) => [
    `### ${xLabel.replace(/, .*/, '')}`,
    ...image(name, `Processor time per request against ${xLabel}`),
    curveMarkdown(result, name),
  ])
  return [...head, ...curves, '### memory', memoryMarkdown(result)]
}

function runsTable(results: KeptResults): string {
  const rows = [...results].map(([name, { date, commit, durationS, short, machine }]) => {
    const cells = [name, date.slice(0, 16).replace('T', ' '), commit ?? '', durationS, machine.loadAverage.toFixed(2)]
    return `| ${cells.join(' | ')} | ${short ? 'a short run: its figures say little' : ''} |`
  })
  return [
    '| Run | UTC | commit | seconds | load average at its start | |',
    '|---|---|---|---:|---:|---|',
    ...rows,
  ].join('\n')
}

/** Of the last run; the others are expected to come from the same machine. */
function programsText(results: KeptResults): string {
  const latest = [...results.values()].reduce((one, other) => (other.date > one.date ? other : one))
  const programs = Object.entries(latest.machine.programs).map(([name, version]) => `${name} ${version}`)
  return `${machineText(latest.machine)} ${programs.join(', ')}.`
}
