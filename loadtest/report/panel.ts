/** Lines over two axes: a whole picture, or one of several above each other. */
import { COLOUR_COUNT, dot, line, short, text } from './picture.ts'
import type { Scale } from './scale.ts'

interface Point {
  readonly x: number
  readonly y: number
  readonly least?: number
  readonly most?: number
}

export interface Line {
  readonly name: string
  readonly points: readonly Point[]
}

export interface Panel {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly xLabel?: string
  readonly yLabel: string
  readonly x: Scale
  readonly y: Scale
  readonly lines: readonly Line[]
  /** Each point as a dot, with its spread: for few of them. */
  readonly showsPoints: boolean
}

export function panel(options: Panel): string[] {
  const { left, top, width, height, xLabel, yLabel, x, y, lines, showsPoints } = options
  const atX = (value: number) => left + x.place(value) * width
  const atY = (value: number) => top + height - y.place(value) * height
  const drawn = [
    text('soft', left - 8, top - 14, yLabel),
    ...y.ticks.flatMap(({ at, label }) => [
      line('grid', left, atY(at), left + width, atY(at)),
      text('soft', left - 8, atY(at) + 4, label, 'end'),
    ]),
    line('axis', left, top + height, left + width, top + height),
    ...x.ticks.flatMap(({ at, label }) => [
      line('axis', atX(at), top + height, atX(at), top + height + 5),
      ...(xLabel === undefined ? [] : [text('soft', atX(at), top + height + 20, label, 'middle')]),
    ]),
  ]
  if (xLabel !== undefined) drawn.push(text('soft', left + width / 2, top + height + 42, xLabel, 'middle'))
  for (const [index, { points }] of lines.entries()) {
    const colour = index % COLOUR_COUNT
    const path = points.map(point => `${short(atX(point.x))} ${short(atY(point.y))}`).join(' L')
    drawn.push(`<path class="line line${colour}" d="M${path}"/>`)
    if (!showsPoints) continue
    for (const { x: at, y: value, least = value, most = value } of points) {
      if (most > least) drawn.push(line(`spread line${colour}`, atX(at), atY(least), atX(at), atY(most)))
      drawn.push(dot(`fill${colour}`, atX(at), atY(value)))
    }
  }
  return drawn
}

const LETTER_WIDTH = 7

/** Right-aligned, ending at `right`. */
export function legend(names: readonly string[], right: number, y: number): string[] {
  let x = right
  return names
    .map((name, index) => ({ name, colour: index % COLOUR_COUNT }))
    .reverse()
    .flatMap(({ name, colour }) => {
      const nameX = x - name.length * LETTER_WIDTH
      x = nameX - 40
      return [line(`line line${colour}`, nameX - 24, y - 4, nameX - 6, y - 4), text('text', nameX, y, name)]
    })
}
