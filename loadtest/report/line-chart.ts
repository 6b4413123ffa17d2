import { type Line, legend, panel } from './panel.ts'
import { picture } from './picture.ts'
import { linearScale, logScale, logScaleWith, numberText, type Scale } from './scale.ts'

export interface LineChart {
  readonly title: string
  readonly description: string
  readonly xLabel: string
  readonly yLabel: string
  readonly lines: readonly Line[]
  /** Default: linear from 0. */
  readonly yIsLogarithmic?: boolean
  readonly xText?: (value: number) => string
}

const [WIDTH, HEIGHT] = [760, 400]
const PLOT = { left: 76, top: 84, width: WIDTH - 76 - 32, height: HEIGHT - 84 - 64 }

/** Few points over a logarithmic x axis, whose ticks are the points themselves. */
export function lineChart({ title, description, lines, xText = numberText, ...chart }: LineChart): string {
  const { xLabel, yLabel, yIsLogarithmic = false } = chart
  const points = lines.flatMap(one => one.points)
  const values = points.flatMap(({ y, least = y, most = y }) => [y, least, most]).filter(value => value > 0)
  const y = yIsLogarithmic
    ? logScale(Math.min(...values), Math.max(...values))
    : linearScale(Math.max(...values, 0) * 1.05)
  const names = lines.map(({ name }) => name)
  return picture({
    ...{ title, description, width: WIDTH, height: HEIGHT },
    content: [
      ...legend(names, WIDTH - 32, 32),
      ...panel({
        ...PLOT,
        x: pointScale(
          points.map(({ x }) => x),
          xText,
        ),
        y,
        xLabel,
        yLabel,
        lines,
        showsPoints: true,
      }),
    ],
  })
}

/** Nothing has no logarithm: 0 stands a little before the first of the others. */
function pointScale(values: readonly number[], xText: (value: number) => string): Scale {
  const distinct = [...new Set(values)].sort((left, right) => left - right)
  const positive = distinct.filter(value => value > 0)
  const [first = 1, last = first] = [positive[0], positive.at(-1)]
  const from = distinct.includes(0) ? first / 10 : first
  const margin = (last / from) ** 0.03
  const ticks = distinct.map(at => ({ at: Math.max(at, from), label: xText(at) }))
  const scale = logScaleWith(from / margin, last * margin, ticks)
  return { place: value => scale.place(Math.max(value, from)), ticks }
}
