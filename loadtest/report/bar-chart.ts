/**
 * Ratios as bars from 1: to the right what is more, to the left what is less; with the spread of the rounds, and goals.
 */
import type { Spread } from '../results/scenario-result.ts'
import { COLOUR_COUNT, line, picture, short, text } from './picture.ts'
import { logScaleWith } from './scale.ts'

interface Bar {
  readonly name: string
  readonly ratio: Spread
  /** At most. */
  readonly goal?: number
}

interface BarGroup {
  readonly name: string
  readonly bars: readonly Bar[]
}

export interface BarChart {
  readonly title: string
  readonly description: string
  readonly xLabel: string
  readonly groups: readonly BarGroup[]
}

const WIDTH = 760
const [LEFT, RIGHT, TOP] = [196, 72, 72]
const BAR = 14
const ROW = 22
const GROUP_GAP = 34

export function barChart({ title, description, xLabel, groups }: BarChart): string {
  const ratios = groups.flatMap(({ bars }) =>
    bars.flatMap(({ ratio, goal }) => [ratio.least, ratio.most, ...(goal === undefined ? [] : [goal])]),
  )
  const from = 2 ** Math.floor(Math.log2(Math.min(0.5, ...ratios.filter(ratio => ratio > 0))))
  const to = 2 ** Math.ceil(Math.log2(Math.max(2, ...ratios)))
  const powers = Array.from({ length: Math.round(Math.log2(to / from)) + 1 }, (_, index) => from * 2 ** index)
  const scale = logScaleWith(
    from,
    to,
    powers.map(at => ({ at, label: `${at} x` })),
  )
  const atX = (ratio: number) => LEFT + scale.place(ratio) * (WIDTH - LEFT - RIGHT)

  let y = TOP
  const rows: string[] = []
  for (const [index, { name, bars }] of groups.entries()) {
    rows.push(text('text', 24, y + BAR, name))
    y += ROW
    for (const bar of bars) {
      rows.push(...drawBar(bar, y, index % COLOUR_COUNT, atX))
      y += ROW
    }
    y += GROUP_GAP - ROW
  }
  const bottom = y - GROUP_GAP + ROW + 4
  const grid = scale.ticks.flatMap(({ at, label }) => [
    line(at === 1 ? 'axis' : 'grid', atX(at), TOP - 8, atX(at), bottom),
    text('soft', atX(at), bottom + 18, label, 'middle'),
  ])
  const content = [
    ...grid,
    ...rows,
    text('soft', (LEFT + WIDTH - RIGHT) / 2, bottom + 42, xLabel, 'middle'),
    line('goal', 24, bottom + 30, 24, bottom + 44),
    text('soft', 32, bottom + 42, 'goal: at most'),
  ]
  return picture({ title, description, width: WIDTH, height: Math.round(bottom + 60), content })
}

function drawBar({ name, ratio, goal }: Bar, y: number, colour: number, atX: (ratio: number) => number): string[] {
  const [one, end] = [atX(1), atX(ratio.median)]
  const middle = y + BAR / 2
  const labelX = Math.max(one, end, atX(ratio.most)) + 8
  return [
    text('soft', LEFT - 12, y + BAR - 3, name, 'end'),
    `<rect class="fill${colour}" opacity="0.75" x="${short(Math.min(one, end))}" y="${short(y)}" width="${short(Math.abs(end - one))}" height="${BAR}"/>`,
    line('axis', atX(ratio.least), middle, atX(ratio.most), middle),
    ...[ratio.least, ratio.most].map(limit => line('axis', atX(limit), middle - 4, atX(limit), middle + 4)),
    ...(goal === undefined ? [] : [line('goal', atX(goal), y - 2, atX(goal), y + BAR + 2)]),
    text('text', labelX, y + BAR - 2, ratio.median.toFixed(2)),
  ]
}
