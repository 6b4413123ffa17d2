/** What our own pages may be made to look like. */

import type { Report } from './diagnostic.ts'
import { readLogo } from './logo.ts'
import { contrast, MIN_CONTRAST, PAPER } from './page-colors.ts'
import type { Config } from './schema.ts'

export function checkAppearance({ appearance }: Pick<Config, 'appearance'>, report: Report): void {
  const { logoFile, logoDarkFile, accentColor, accentColorDark, helpUrl } = appearance
  checkLogo('appearance.logoFile', logoFile, report)
  checkLogo('appearance.logoDarkFile', logoDarkFile, report)
  if (logoDarkFile !== undefined && logoFile === undefined)
    report('appearance.logoDarkFile', 'needs appearance.logoFile, for browsers that are not set to dark')
  checkColor('appearance.accentColor', accentColor, PAPER.light, 'darker', report)
  checkColor('appearance.accentColorDark', accentColorDark, PAPER.dark, 'lighter', report)
  if (helpUrl !== undefined && !isLink(helpUrl))
    report('appearance.helpUrl', 'must be an https, http or mailto URL, e.g. mailto:help@example.com')
}

function checkLogo(option: string, fileName: string | undefined, report: Report): void {
  if (fileName === undefined) return
  try {
    readLogo(fileName)
  } catch (error) {
    report(option, (error as Error).message)
  }
}

function checkColor(option: string, color: string, paper: string, way: string, report: Report): void {
  const ratio = contrast(color, paper)
  if (ratio >= MIN_CONTRAST) return
  // Rounded down: 4.49 must not be said to be 4.5.
  const said = Math.floor(ratio * 100) / 100
  report(
    option,
    `has a contrast of ${said} to ${paper}, on which it is written: take a ${way} one, of at least ${MIN_CONTRAST}`,
  )
}

function isLink(text: string): boolean {
  const url = URL.parse(text)
  if (url === null) return false
  if (url.protocol === 'mailto:') return /^[^\s@]+@[^\s@]+$/.test(url.pathname)
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}
