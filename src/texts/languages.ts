/** The languages that our pages are in without anybody doing something for it; the first where a reader wants another. */
import { english, type Texts } from './english.ts'
import { german } from './german.ts'

export const LANGUAGES: Readonly<Record<string, Texts>> = { en: english, de: german }
