/** Every claim of the threat model has the name of a test beside it, or says why no test can hold it. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8')

const COMMENT = /\/\*.*?\*\/|^ *\/\/[^\n]*/gms

/** Where the tests are: `test/`, and the attacks that `npm run attack` tries. What a comment says is no test. */
const texts = new Map(
  globSync('{test,devkit/attack}/**/*.ts', { cwd: ROOT }).map(path => [
    path,
    readFileSync(join(ROOT, path), 'utf8').replace(COMMENT, ''),
  ]),
)

/** [`test/x.test.ts`](../test/x.test.ts): `words of its title`, `and of another` */
const HELD = /^\[`([^`]+)`\]\(\.\.\/([^)]+)\): (`[^`]+`(?:, `[^`]+`)*)$/
const NOT_TESTED = /^not tested: \S.{5,}$/

/** What is wrong with one holder of a claim; undefined: nothing. */
function problemOf(holder: string): string | undefined {
  if (NOT_TESTED.test(holder)) return undefined
  const [, name, path = '', quoted = ''] = HELD.exec(holder) ?? []
  if (name === undefined) return `names no test: ${holder.slice(0, 100)}`
  const text = texts.get(path)
  if (name !== path || text === undefined) return `no such test or list of attacks: ${path}`
  const missing = [...quoted.matchAll(/`([^`]+)`/g)].find(([, words = '']) => !text.includes(words))
  return missing && `${path} does not have the words ${missing[0]}`
}

const problemsOf = (claim: string, holders: string) =>
  holders.split('; ').flatMap(holder => {
    const problem = problemOf(holder.trim())
    return problem === undefined ? [] : [`${claim}: ${problem}`]
  })

const cellsOf = (line: string) =>
  line
    .trim()
    .slice(1, -1)
    .split('|')
    .map(cell => cell.trim())

/** Each table: its header, and its rows. */
function tablesOf(text: string): { header: string[]; rows: string[][] }[] {
  const blocks = text.match(/(?:^\|.*\n?)+/gm) ?? []
  return blocks.map(block => {
    const [header = [], , ...rows] = block.trimEnd().split('\n').map(cellsOf)
    return { header, rows }
  })
}

function tableProblems(text: string): string[] {
  return tablesOf(text).flatMap(({ header, rows }) => {
    if (header.at(-1) !== 'Held by') return [`the table of "${header[0]}" does not end with the column "Held by"`]
    return rows.flatMap(row => {
      const [claim = ''] = row
      if (row.length !== header.length) return [`${claim}: ${row.length} columns, not ${header.length}`]
      return problemsOf(claim, row.at(-1) ?? '')
    })
  })
}

/** Text that claims something, under a heading of its own, ends with the line "Held by: ". */
function sectionProblems(text: string): string[] {
  const sections = text.split(/^### /m).slice(1)
  return sections.flatMap(section => {
    const [title = ''] = section.split('\n')
    const holders = /^Held by: (.+)$/m.exec(section.trimEnd().split('\n').at(-1) ?? '')?.[1]
    return holders === undefined ? [`${title}: does not end with "Held by: "`] : problemsOf(title, holders)
  })
}

test('every row of a table names the test that holds it', () => {
  assert.ok(tablesOf(page).flatMap(({ rows }) => rows).length > 90)
  assert.deepEqual(tableProblems(page), [])
})

test('every section of what remains names the tests that hold it', () => {
  assert.ok(page.split(/^### /m).length > 10)
  assert.deepEqual(sectionProblems(page), [])
})

test('few claims are not tested', () => {
  assert.ok((page.match(/not tested: /g) ?? []).length <= 8)
})

test('a claim without a test, or with one that is not there, is told', () => {
  const path = 'test/docs/threat-model.test.ts'
  const link = `[\`${path}\`](../${path})`
  const table = (...rows: string[]) => ['| Claim | Held by |', '|---|---|', ...rows, ''].join('\n')
  const told = (...rows: string[]) => tableProblems(table(...rows)).length
  assert.equal(told(`| a | ${link}: \`few claims are not tested\` |`, '| b | not tested: only a person can |'), 0)
  assert.equal(told(`| a | ${link}: \`few claims\`, \`is told\`; ${link}: \`every row\` |`), 0)
  assert.equal(told('| a |', '| a | |', '| a | - |', '| a | not tested: |', `| a | ${link} |`), 5)
  assert.equal(told(`| a | ${link}: \`${['no such', 'title'].join(' ')}\` |`), 1)
  assert.equal(told('| a | [`test/gone.test.ts`](../test/gone.test.ts): `x` |', `| a | ${link}: \`x\` | b |`), 2)
  assert.equal(tableProblems('| Claim | Test |\n|---|---|\n').length, 1)
  assert.deepEqual(sectionProblems(`### One\n\nText.\n\n### Two\n\nHeld by: ${link}: \`is told\`\n`).length, 1)
})
