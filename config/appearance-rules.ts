/** What our own pages may be made to look like. */

import { LANGUAGES } from '../src/texts/languages.ts'
import { type Diagnostic, diagnostic, type Report } from './diagnostic.ts'
import { missingTexts, readLanguageFile } from './language-file.ts'
import { readLogo } from './logo.ts'
import { contrast, MIN_CONTRAST, PAPER } from './page-colors.ts'
import type { Config } from './schema.ts'

export function checkAppearance({ appearance }: Pick<Config, 'appearance'>, report: Report): void {
  const { logoFile, logoDarkFile, accentColor, accentColorDark, helpUrl, languages } = appearance
  checkLogo('appearance.logoFile', logoFile, report)
  checkLogo('appearance.logoDarkFile', logoDarkFile, report)
  if (logoDarkFile !== undefined && logoFile === undefined)
    report('appearance.logoDarkFile', 'needs appearance.logoFile, for browsers that are not in dark mode')
  checkColor('appearance.accentColor', accentColor, PAPER.light, 'darker', report)
  checkColor('appearance.accentColorDark', accentColorDark, PAPER.dark, 'lighter', report)
  if (helpUrl !== undefined && !isLink(helpUrl))
    report('appearance.helpUrl', 'must be an https, http or mailto URL, e.g. mailto:help@example.com')
  languages.forEach((language, index) => {
    checkLanguage(`appearance.languages[${index}]`, language, languages.slice(0, index), report)
  })
}

type Language = Config['appearance']['languages'][number]

function checkLanguage(option: string, { tag, file }: Language, before: readonly Language[], report: Report): void {
  if (before.some(other => other.tag.toLowerCase() === tag.toLowerCase())) report(`${option}.tag`, 'occurs twice')
  if (!isLanguageTag(tag)) report(`${option}.tag`, 'is not a language tag (BCP 47), e.g. fr or pt-BR')
  if (file === undefined) {
    if (!Object.hasOwn(LANGUAGES, tag)) report(`${option}.file`, `is required: Torhaus itself has no texts in ${tag}`)
    return
  }
  try {
    readLanguageFile(file)
  } catch (error) {
    report(`${option}.file`, (error as Error).message)
  }
}

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

/** For each file that has not all: what is said in English, where Torhaus does not know the language itself. */
export const appearanceWarnings = ({ appearance }: Pick<Config, 'appearance'>): Diagnostic[] =>
  appearance.languages.flatMap(({ tag, file }, index) => {
    const missing = file === undefined || Object.hasOwn(LANGUAGES, tag) ? [] : missingTexts(readLanguageFile(file))
    if (missing.length === 0) return []
    return [
      diagnostic(
        `appearance.languages[${index}].file`,
        `${file} lacks ${missing.length} texts, which will appear in English: ${missing.join(', ')}`,
      ),
    ]
  })

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
    `has a contrast of ${said} to ${paper}, the background, but needs at least ${MIN_CONTRAST}: choose a ${way} colour`,
  )
}

function isLink(text: string): boolean {
  const url = URL.parse(text)
  if (url === null) return false
  if (url.protocol === 'mailto:') return /^[^\s@]+@[^\s@]+$/.test(url.pathname)
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}
