/** Generates docs/wrong-configurations.md from the mistakes that a test makes. Run as a program, it writes the page. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileMistakes } from '../mistakes/file-mistakes.ts'
import type { Mistake } from '../mistakes/mistake.ts'
import { textMistakes } from '../mistakes/text-mistakes.ts'

const PREFACE = `# Wrong configurations

Generated from \`devkit/mistakes/\` by \`npm run docs\`; do not edit. \`test/cli/wrong-configurations.test.ts\` makes each of these mistakes.

\`torhaus check --config FILE\` and \`torhaus start\` print the same messages and exit with 78 ([exit codes](operations.md#commands)); a warning does not
prevent a start. Problems around Torhaus, outside its configuration, are found by [\`torhaus doctor\`](doctor.md).
`

export const mistakesPage = (): string =>
  [
    PREFACE,
    '\n## In the file\n\n',
    table(textMistakes),
    '\n## In the files it names\n\n',
    table(fileMistakes.filter(({ isWarning }) => isWarning !== true)),
    '\n## Warnings\n\n',
    table(fileMistakes.filter(({ isWarning }) => isWarning === true)),
  ].join('')

const table = (mistakes: readonly Mistake[]) => `| Mistake | Message |\n|---|---|\n${mistakes.map(row).join('')}`

const row = ({ what, says }: Mistake) => `| ${what} | ${says.map(code).join('<br>')} |\n`

/** In a table, a bar would end the cell (GitHub Flavored Markdown 4.10), and a backtick would end the code span. */
const code = (line: string) => {
  const text = line.replaceAll('|', '\\|')
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../../docs/wrong-configurations.md'), mistakesPage())
