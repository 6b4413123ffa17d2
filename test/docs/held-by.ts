/** How a page names the tests that hold what it claims: in the last column of a table, or below a section. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

const COMMENT = /\/\*.*?\*\/|^ *\/\/[^\n]*/gms

/**
 * Where the tests are: `test/`, the attacks that `npm run attack` tries, and what clients are tried with. What a comment
 * says is no test.
 */
const texts = new Map(
  globSync('{test,devkit/attack,devkit/compatibility}/**/*.ts', { cwd: ROOT }).map(path => [
    path,
    readFileSync(join(ROOT, path), 'utf8').replace(COMMENT, ''),
  ]),
)

/** [`test/x.test.ts`](../test/x.test.ts): `words of its title`, `and of another` */
const HELD = /^\[`([^`]+)`\]\(\.\.\/([^)]+)\): (`[^`]+`(?:, `[^`]+`)*)$/
const NOT_TESTED = /^not tested: \S.{5,}$/

/** What is wrong with one holder of a claim; undefined: nothing. */
export function problemOf(holder: string): string | undefined {
  if (NOT_TESTED.test(holder)) return undefined
  const [, name, path = '', quoted = ''] = HELD.exec(holder) ?? []
  if (name === undefined) return `names no test: ${holder.slice(0, 100)}`
  const text = texts.get(path)
  if (name !== path || text === undefined) return `no such test or list of attacks: ${path}`
  const missing = [...quoted.matchAll(/`([^`]+)`/g)].find(([, words = '']) => !text.includes(words))
  return missing && `${path} does not have the words ${missing[0]}`
}

const cellsOf = (line: string) =>
  line
    .trim()
    .slice(1, -1)
    .split('|')
    .map(cell => cell.trim())

/** Each table: its header, and its rows. */
export function tablesOf(text: string): { header: string[]; rows: string[][] }[] {
  const blocks = text.match(/(?:^\|.*\n?)+/gm) ?? []
  return blocks.map(block => {
    const [header = [], , ...rows] = block.trimEnd().split('\n').map(cellsOf)
    return { header, rows }
  })
}
