/** Which pictures there are, from what was kept. */
import { type Curve, type CurvesResult, curveOf } from '../curves/curves-result.ts'
import { costGoals } from '../goals.ts'
import { reported } from '../reported.ts'
import { type KeptResults, resultIn, scenarioIn } from '../results/kept-result.ts'
import { barChart } from './bar-chart.ts'
import { lineChart } from './line-chart.ts'
import { bytesText } from './scale.ts'
import { soakChart } from './soak-chart.ts'

/** SVG by the name of its file. */
export function renderPictures(results: KeptResults): Map<string, string> {
  const pictures = new Map<string, string>()
  const add = (name: string, svg: string | undefined) => svg !== undefined && pictures.set(`${name}.svg`, svg)
  add('ratios', ratioPicture(results))
  const curves = resultIn(results, 'curves')
  if (curves !== undefined) for (const { name } of curves.curves) add(name, curvePicture(curves, name))
  const soak = resultIn(results, 'soak')
  add('soak', soak && soakChart(soak))
  return pictures
}

function ratioPicture(results: KeptResults): string | undefined {
  const groups = leadingOf(results).flatMap(({ resultName: name, title }) => {
    const rows = scenarioIn(results, name)?.rows ?? []
    const bars = rows.flatMap(({ name: peer, torhausCosts: ratio }) => {
      const goal = costGoals[name]?.[peer]
      return ratio === undefined ? [] : [{ name: peer, ratio, ...(goal !== undefined && { goal }) }]
    })
    return bars.length === 0 ? [] : [{ name: title, bars }]
  })
  if (groups.length === 0) return undefined
  return barChart({
    title: 'Processor time of Torhaus beside other proxies',
    description: 'For each scenario and peer: processor time per request of Torhaus divided by that of the peer.',
    xLabel: 'Torhaus costs so many times what this one costs (median, least and most of the rounds)',
    groups,
  })
}

/** Of each scenario what comes first in the report and was measured. */
function leadingOf(results: KeptResults) {
  const measured = reported.filter(({ resultName }) => scenarioIn(results, resultName) !== undefined)
  return measured.filter((one, at) => measured.findIndex(({ scenario }) => scenario === one.scenario) === at)
}

type CurveLook = Pick<Parameters<typeof lineChart>[0], 'title' | 'yIsLogarithmic' | 'xText'>

const curveLooks: Readonly<Record<Curve['name'], CurveLook>> = {
  'response-bytes': { title: 'Cost and size of the response', yIsLogarithmic: true, xText: bytesText },
  connections: { title: 'Cost and busy connections' },
  sessions: { title: 'Cost and sessions in use' },
  principals: { title: 'Cost and principals' },
}

function curvePicture(result: CurvesResult, name: Curve['name']): string | undefined {
  const curve = curveOf(result, name)
  if (curve === undefined) return undefined
  const lines = Object.entries(curve.lines).map(([subject, points]) => ({
    name: subject,
    points: points.map(({ x, cpuUsPerRequest: { median, least, most } }) => ({ x, y: median, least, most })),
  }))
  const { description, xLabel } = curve
  return lineChart({ ...curveLooks[name], description, xLabel, yLabel: 'CPU us per request', lines })
}
