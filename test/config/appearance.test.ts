/** `appearance`: what our own pages may be made to look like. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { checkAppearance } from '../../config/appearance-rules.ts'
import { readLogo } from '../../config/logo.ts'
import { ACCENT, contrast, PAPER } from '../../config/page-colors.ts'
import type { Config } from '../../config/schema.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-appearance-'))
})
after(() => rm(directory, { recursive: true }))

function problemsOf(options: Partial<Config['appearance']>): string[] {
  const problems: string[] = []
  const defaults = { name: 'Torhaus', accentColor: ACCENT.light, accentColorDark: ACCENT.dark, languages: [] }
  checkAppearance({ appearance: { ...defaults, ...options } }, (path, message) => problems.push(`${path}: ${message}`))
  return problems
}

const svg = (content: string) => `<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">${content}</svg>`

async function logo(content: string | Uint8Array): Promise<string> {
  const fileName = join(directory, 'logo')
  await writeFile(fileName, content)
  return fileName
}

test('contrast is that of WCAG 2.2, and our own colours have enough of it', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21)
  assert.equal(contrast('#FFFFFF', '#ffffff'), 1)
  assert.equal(contrast('#767676', '#ffffff').toFixed(2), '4.54')
  assert.ok(contrast(ACCENT.light, PAPER.light) > 4.5)
  assert.ok(contrast(ACCENT.dark, PAPER.dark) > 4.5)
})

test('a colour is judged by what it is written on: light on dark and dark on light', () => {
  assert.deepEqual(problemsOf({ accentColor: '#7a1f5c', accentColorDark: '#e58ac4' }), [])
  assert.match(problemsOf({ accentColor: '#777777' }).join(), /^appearance.accentColor: .* 4.47 .* darker/)
  assert.match(problemsOf({ accentColorDark: '#7a1f5c' }).join(), /^appearance.accentColorDark: .* lighter/)
})

test('shapes, gradients and pictures inside it are a logo; a link, a font or a style of elsewhere is none', async () => {
  const png = Buffer.from('89504e470d0a1a0a0000', 'hex')
  for (const good of [
    svg('<path d="M0 0h1v1z"/>'),
    svg('<linearGradient id="a"/><rect fill="url(#a)"/><use href="#b"/><style>.a{fill:url("#a")}</style>'),
    svg('<image href="data:image/png;base64,AAAA"/>'),
    svg('<title>Marketing, on sale</title>'),
    png,
  ])
    assert.match(readLogo(await logo(good)), /^data:image\/(png|svg\+xml);base64,[A-Za-z0-9+/=]+$/)
  for (const [bad, what] of [
    [svg('<svg:script>'), 'a script'],
    [svg('<a href="JavaScript:x()"/>'), 'a script'],
    [svg('<g\nonload = "x()"/>'), 'an event handler'],
    [svg('<foreignObject><p>x</p></foreignObject>'), 'content that is not SVG'],
    [`<!DOCTYPE svg [<!ENTITY a "b">]>${svg('&a;')}`, 'a document type or entities'],
    [svg('<use xlink:href="//cdn.example/a.svg#b"/>'), 'a reference to somewhere else'],
    [svg('<rect style="fill: url( https://a.example/ )"/>'), 'a reference to somewhere else'],
    [svg('<style>@import "a.css";</style>'), 'a reference to somewhere else'],
    ['<html><p>no picture</p></html>', 'contains something else, but must contain an SVG or PNG image'],
    ['', 'is empty, but must contain an SVG or PNG image'],
  ] as const) {
    const fileName = await logo(bad)
    assert.throws(() => readLogo(fileName), new RegExp(`logo (has )?${what}`), bad)
    assert.match(problemsOf({ logoFile: fileName }).join(), /^appearance\.logoFile: /)
  }
})

test('a logo for dark pages alone is refused', async () => {
  const fileName = await logo(svg(''))
  assert.deepEqual(problemsOf({ logoFile: fileName, logoDarkFile: fileName }), [])
  assert.match(problemsOf({ logoDarkFile: fileName }).join(), /needs appearance\.logoFile/)
})

test('the help desk is at a web page or a mail address', () => {
  for (const url of ['https://help.example/a?b=c#d', 'http://intranet/', 'mailto:help@example.com?subject=Torhaus'])
    assert.deepEqual(problemsOf({ helpUrl: url }), [], url)
  for (const url of [
    'help.example',
    'mailto:',
    'mailto:nobody',
    'data:text/html,x',
    'https://u:p@help.example',
    'tel:1',
  ])
    assert.match(problemsOf({ helpUrl: url }).join(), /^appearance\.helpUrl: must be/, url)
})
