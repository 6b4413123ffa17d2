/**
 * docs/pictures/floors.svg: the house of `floors.ts`, with an arrow for each room that imports from another one. Run as
 * a program it writes the picture; a test holds it current.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FLOORS, floorOf, roomOf } from './floors.ts'
import { sources } from './sources.ts'

const WIDTH = 960
const MARGIN = 24
/** Left of the rooms stands the name of the floor. */
const NAMES_WIDTH = 170
const FLOOR_HEIGHT = 62
const BOX_HEIGHT = 28
const CHARACTER_WIDTH = 6.7

interface Box {
  readonly room: string
  readonly label: string
  readonly centre: number
  readonly width: number
  readonly top: number
}

const boxes = new Map<string, Box>(
  FLOORS.flatMap(({ rooms }, floor) => {
    const labels = rooms.map(room => room.replace(/^src\//, ''))
    const widths = labels.map(label => Math.round(label.length * CHARACTER_WIDTH) + 14)
    const free = WIDTH - NAMES_WIDTH - MARGIN - widths.reduce((sum, width) => sum + width, 0)
    const gap = free / (rooms.length + 1)
    let left = NAMES_WIDTH
    return rooms.map((room, index): [string, Box] => {
      const width = widths[index] ?? 0
      left += gap + width
      const centre = Math.round(left - width / 2)
      return [room, { room, label: labels[index] ?? room, centre, width, top: MARGIN + floor * FLOOR_HEIGHT }]
    })
  }),
)

/** Rooms that each room imports from, other than itself. */
function importedRooms(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>([...boxes.keys()].map(room => [room, new Set()]))
  for (const { path, imports } of sources)
    for (const { target } of imports)
      if (target.endsWith('.ts') && floorOf(target) !== -1 && roomOf(target) !== roomOf(path))
        found.get(roomOf(path))?.add(roomOf(target))
  return found
}

function arrow(from: Box, to: Box): string {
  const [start, end] = [from.top + BOX_HEIGHT, to.top]
  const bend = (FLOOR_HEIGHT - BOX_HEIGHT) * 0.7
  return `  <path class="import" d="M${from.centre} ${start}C${from.centre} ${start + bend} ${to.centre} ${end - bend} ${to.centre} ${end}"/>`
}

function drawnBox({ room, label, centre, width, top }: Box, imported: ReadonlySet<string>): string {
  const kind = room.endsWith('.ts') ? 'file' : 'folder'
  const names = imported.size === 0 ? 'nothing' : [...imported].sort().join(', ')
  return [
    `  <g><title>${room} imports from ${names}</title>`,
    `<rect class="${kind}" x="${centre - width / 2}" y="${top}" width="${width}" height="${BOX_HEIGHT}" rx="6"/>`,
    `<text class="room" x="${centre}" y="${top + 18}" text-anchor="middle">${label}</text></g>`,
  ].join('')
}

export function floorsPicture(): string {
  const height = 2 * MARGIN + (FLOORS.length - 1) * FLOOR_HEIGHT + BOX_HEIGHT
  const imported = importedRooms()
  const arrows = [...imported].flatMap(([room, targets]) =>
    [...targets].sort().flatMap(target => {
      const [from, to] = [boxes.get(room), boxes.get(target)]
      return from === undefined || to === undefined ? [] : [arrow(from, to)]
    }),
  )
  const names = FLOORS.map(
    ({ name }, floor) => `  <text class="floor" x="${MARGIN}" y="${MARGIN + floor * FLOOR_HEIGHT + 18}">${name}</text>`,
  )
  const rooms = [...boxes.values()].map(box => drawnBox(box, imported.get(box.room) ?? new Set()))
  return [headOf(height), ...names, ...arrows, ...rooms, '</svg>', ''].join('\n')
}

const headOf = (
  height: number,
) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif">
  <title id="title">The floors of the house</title>
  <desc id="desc">From top to bottom: ${FLOORS.map(({ name, rooms }) => `${name} (${rooms.join(', ')})`).join('; ')}. Every arrow is an import, and every arrow goes down.</desc>
  <style>
    .ground { fill: #f6f8fa; stroke: #d0d7de }
    .folder { fill: #ddf4ff; stroke: #0969da }
    .file { fill: #ffffff; stroke: #57606a }
    .room { fill: #1f2328; font-family: ui-monospace, 'DejaVu Sans Mono', Consolas, monospace; font-size: 11px }
    .floor { fill: #57606a; font-size: 12.5px }
    .import { stroke: #57606a; stroke-width: 1; stroke-opacity: 0.28; fill: none }
    g:hover rect { stroke-width: 3 }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117; stroke: #30363d }
      .folder { fill: #0c2d6b; stroke: #58a6ff }
      .file { fill: #161b22; stroke: #8b949e }
      .room { fill: #e6edf3 }
      .floor { fill: #9ea7b3 }
      .import { stroke: #8b949e }
    }
  </style>
  <rect class="ground" x="1" y="1" width="${WIDTH - 2}" height="${height - 2}" rx="12"/>`

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../../docs/pictures/floors.svg'), floorsPicture())
