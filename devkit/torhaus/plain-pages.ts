import { ACCENT } from '../../config/page-colors.ts'
import { Pages } from '../../src/refusal/pages.ts'

/** Pages as they look where nothing is configured. */
export const plainPages = (): Pages =>
  new Pages({ name: 'Torhaus', accentColor: ACCENT.light, accentColorDark: ACCENT.dark, languages: [] })
