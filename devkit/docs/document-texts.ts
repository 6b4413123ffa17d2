/** docs/texts.yaml: every text of our own pages, to be translated. Run as a program it writes the file. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { english } from '../../src/texts/english.ts'

const PREFACE = `# Every text of the pages of Torhaus, in English. Made from src/texts/english.ts by \`npm run docs\`; do not edit.
# For another language: copy the file, translate what stands behind the keys, and name it (docs/appearance.md). What is in braces is filled in, and
# must stay in any order. What a copy lacks is said in English; \`torhaus check\` names it.
`

export const textsFile = (): string => PREFACE + stringify(english, { lineWidth: 0 })

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../../docs/texts.yaml'), textsFile())
