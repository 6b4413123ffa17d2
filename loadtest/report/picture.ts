/** The frame of every picture: title, description for those who cannot see it, colours for light and dark pages. */

/** Classes `line0` to `line4` and `fill0` to `fill4`: told apart also without colours by their order in the legend. */
const light = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#6e7781']
const dark = ['#58a6ff', '#f0883e', '#3fb950', '#bc8cff', '#8b949e']

export const COLOUR_COUNT = light.length

const colours = (values: readonly string[]) =>
  values.map((value, index) => `.line${index} { stroke: ${value} } .fill${index} { fill: ${value} }`).join(' ')

const STYLE = `.ground { fill: #ffffff; stroke: #d0d7de }
    .name { fill: #1f2328; font-size: 16px; font-weight: 600 }
    .text { fill: #1f2328; font-size: 13px }
    .soft { fill: #57606a; font-size: 12px }
    .grid { stroke: #d0d7de; stroke-width: 1 }
    .axis { stroke: #57606a; stroke-width: 1 }
    .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
    .spread { stroke-width: 1.5 }
    .goal { stroke: #1f2328; stroke-width: 2.5 }
    ${colours(light)}
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117; stroke: #30363d }
      .name, .text { fill: #e6edf3 }
      .soft { fill: #9ea7b3 }
      .grid { stroke: #30363d }
      .axis { stroke: #8b949e }
      .goal { stroke: #e6edf3 }
      ${colours(dark)}
    }`

export interface Picture {
  readonly title: string
  readonly description: string
  readonly width: number
  readonly height: number
  readonly content: readonly string[]
}

export function picture({ title, description, width, height, content }: Picture): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif">
  <title id="title">${escaped(title)}</title>
  <desc id="desc">${escaped(description)}</desc>
  <style>
    ${STYLE}
  </style>
  <rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
  ${text('name', 24, 32, title)}
  ${content.join('\n  ')}
</svg>
`
}

export type Anchor = 'start' | 'middle' | 'end'

export function text(style: string, x: number, y: number, content: string, anchor: Anchor = 'start'): string {
  const anchored = anchor === 'start' ? '' : ` text-anchor="${anchor}"`
  return `<text class="${style}" x="${short(x)}" y="${short(y)}"${anchored}>${escaped(content)}</text>`
}

export const line = (style: string, x1: number, y1: number, x2: number, y2: number) =>
  `<line class="${style}" x1="${short(x1)}" y1="${short(y1)}" x2="${short(x2)}" y2="${short(y2)}"/>`

export const dot = (style: string, x: number, y: number) =>
  `<circle class="${style}" cx="${short(x)}" cy="${short(y)}" r="3.5"/>`

/** A tenth of a pixel is enough, and keeps the file small. */
export const short = (value: number) => String(Math.round(value * 10) / 10)

const escaped = (content: string) =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
