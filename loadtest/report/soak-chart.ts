/** A soak over time: memory, sockets and latency above each other. */
import type { SoakResult, SoakSample } from '../soak/soak-result.ts'
import { legend, panel } from './panel.ts'
import { picture } from './picture.ts'
import { linearScale } from './scale.ts'

const [WIDTH, PANEL_HEIGHT, PANEL_GAP, TOP] = [760, 130, 62, 92]
const [LEFT, RIGHT] = [76, 32]

interface SoakPanel {
  readonly label: string
  readonly lines: readonly { readonly name: string; readonly of: (sample: SoakSample) => number | undefined }[]
}

const PANELS: readonly SoakPanel[] = [
  {
    label: 'memory, MB',
    lines: [
      { name: 'resident', of: sample => sample.residentMb },
      { name: 'heap', of: sample => sample.heapMb },
    ],
  },
  {
    label: 'open sockets',
    lines: [
      { name: 'of clients', of: sample => sample.socketsDown },
      { name: 'to the origin server', of: sample => sample.socketsUp },
    ],
  },
  {
    label: 'latency, ms, per interval',
    lines: [
      { name: 'p50', of: sample => sample.p50Ms },
      { name: 'p99', of: sample => sample.p99Ms },
    ],
  },
]

export function soakChart({ description, samples }: SoakResult): string {
  const x = linearScale((samples.at(-1)?.atS ?? 60) / 60, 6)
  const content = PANELS.flatMap(({ label, lines }, index) => {
    const top = TOP + index * (PANEL_HEIGHT + PANEL_GAP)
    const drawn = lines
      .map(({ name, of }) => ({
        name,
        points: samples.flatMap(sample => {
          const y = of(sample)
          return y === undefined ? [] : [{ x: sample.atS / 60, y }]
        }),
      }))
      .filter(({ points }) => points.length > 0)
    const most = Math.max(1, ...drawn.flatMap(({ points }) => points.map(({ y }) => y)))
    return [
      ...legend(
        drawn.map(({ name }) => name),
        WIDTH - RIGHT,
        top - 14,
      ),
      ...panel({
        ...{ left: LEFT, top, width: WIDTH - LEFT - RIGHT, height: PANEL_HEIGHT },
        ...{ x, y: linearScale(most * 1.05, 3), yLabel: label, lines: drawn, showsPoints: false },
        ...(index === PANELS.length - 1 && { xLabel: 'minutes' }),
      }),
    ]
  })
  const height = TOP + PANELS.length * (PANEL_HEIGHT + PANEL_GAP)
  return picture({ title: 'Soak: memory, sockets and latency over time', description, width: WIDTH, height, content })
}
