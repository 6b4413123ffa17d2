/** The configured appearance of Torhaus' pages. */
import { readLogo } from '../../config/logo.ts'
import type { Config } from '../../config/schema.ts'
import { type Html, html } from './html.ts'
import { type Look, MARK } from './page.ts'
import { styleOf } from './page-style.ts'

type Appearance = Config['appearance']

/** Reads the configured files; throws with a readable message if their content is invalid. */
export const lookOf = (appearance: Appearance): Look => ({
  name: appearance.name,
  style: styleOf(appearance),
  header: headerOf(appearance),
  hasPicture: appearance.logoFile !== undefined,
})

function headerOf({ name, logoFile, logoDarkFile }: Appearance): Html {
  if (logoFile === undefined) return html`${MARK}${name}`
  const picture = html`<img src="${readLogo(logoFile)}" alt="${name}">`
  if (logoDarkFile === undefined) return picture
  return html`<picture><source media="(prefers-color-scheme: dark)" srcset="${readLogo(logoDarkFile)}">${picture}</picture>`
}
