/** The table of exit codes in docs/operations.md. Run as a program it writes the page; a test holds it current. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exitCode, exitMeanings } from '../../src/exit-codes.ts'

const PAGE = join(import.meta.dirname, '../../docs/operations.md')
const REGION = /(<!-- exit codes, made by `npm run docs` -->\n)[\s\S]*?(\n<!-- \/exit codes -->)/

/** The page with the table as it should be. */
export function withExitCodes(page: string): string {
  const names = Object.keys(exitCode) as (keyof typeof exitCode)[]
  const rows = names.map(name => `| ${exitCode[name]} | ${exitMeanings[name]} |`)
  const table = ['| Exit code | Meaning |', '|---|---|', ...rows].join('\n')
  return page.replace(REGION, (_, begin: string, end: string) => `${begin}${table}${end}`)
}

if (import.meta.main) writeFileSync(PAGE, withExitCodes(readFileSync(PAGE, 'utf8')))
