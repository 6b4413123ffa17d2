/** One curve: at each point every subject warms up, then they take turns. */
import type { Awaitable } from '../../src/awaitable.ts'
import type { Lists } from '../generators/lists.ts'
import { saturate } from '../generators/saturate.ts'
import type { Origin } from '../lab/origin.ts'
import type { LoadRequest } from '../load.ts'
import { account } from '../measure/account.ts'
import { spread, type Turn } from '../measure/figures.ts'
import { rounded, roundedSpread } from '../results/rounded.ts'
import type { Run } from '../run-context.ts'
import type { Subject } from '../subject.ts'
import type { Curve, CurvePoint } from './curves-result.ts'

interface PointLoad {
  readonly connections: number
  readonly requests: readonly LoadRequest[]
  readonly lists?: Lists
}

export interface CurvePlan extends Omit<Curve, 'lines'> {
  readonly points: readonly number[]
  readonly subjects: readonly Subject[]
  /** Called in the order of the points, before any subject is measured there. */
  readonly load: (x: number) => Awaitable<PointLoad>
}

interface Place {
  readonly directory: string
  readonly origin: Origin
}

const FULL = { warmUpS: 1, turnS: 2, turns: 3 }
const SHORT = { warmUpS: 1, turnS: 1, turns: 1 }

export async function measureCurve(plan: CurvePlan, place: Place, { short, signal, tell }: Run): Promise<Curve> {
  const { points, subjects, load, ...what } = plan
  const { warmUpS, turnS, turns } = short ? SHORT : FULL
  const lines: Record<string, CurvePoint[]> = Object.fromEntries(subjects.map(({ name }) => [name, []]))
  for (const x of points) {
    const pointLoad = await load(x)
    const measured = new Map<string, Turn[]>(subjects.map(({ name }) => [name, []]))
    for (let round = 0; round <= turns; round++) {
      for (const subject of subjects) {
        signal.throwIfAborted()
        const durationS = round === 0 ? warmUpS : turnS
        const options = { ...pointLoad, port: subject.port, durationS, directory: place.directory, signal }
        measured.get(subject.name)?.push(await account(place, subject, () => saturate(options)))
        subject.server?.forgetOutput()
      }
    }
    for (const { name } of subjects) {
      const point = toPoint(x, measured.get(name) ?? [])
      lines[name]?.push(point)
      tell(`${plan.name} ${x}: ${name} ${point.cpuUsPerRequest.median} us CPU per request, ${point.errors} errors`)
    }
  }
  return { ...what, lines }
}

/** The first turn warmed up; its errors count. */
function toPoint(x: number, turns: readonly Turn[]): CurvePoint {
  const counted = turns.slice(1)
  return {
    x,
    cpuUsPerRequest: roundedSpread(spread(counted.map(({ cpuUs, requests }) => (cpuUs ?? 0) / requests))),
    rps: roundedSpread(spread(counted.map(({ requests, durationS }) => requests / durationS))),
    residentMb: rounded(Math.max(...turns.map(({ residentBytes }) => residentBytes)) / 1e6),
    errors: turns.reduce((sum, { errors }) => sum + errors, 0),
  }
}
