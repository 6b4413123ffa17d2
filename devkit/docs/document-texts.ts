/** Generates docs/texts.yaml, all texts of our own pages, for translation. Run as a program, it writes the file. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { english } from '../../src/texts/english.ts'

const PREFACE = `# All texts of the pages of Torhaus, in English. Generated from src/texts/english.ts by \`npm run docs\`; do not edit.
# For another language, copy the file, translate the text after each key, and configure the copy (docs/appearance.md). Keep the placeholders in
# braces, in any order. Texts that are missing in the copy appear in English; \`torhaus check\` lists them.
`

export const textsFile = (): string => PREFACE + stringify(english, { lineWidth: 0 })

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../../docs/texts.yaml'), textsFile())
