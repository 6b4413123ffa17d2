/** Every claim of the threat model has the name of a test beside it, or says why no test can hold it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemOf, tablesOf } from './held-by.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8')

const problemsOf = (claim: string, holders: string) =>
  holders.split('; ').flatMap(holder => {
    const problem = problemOf(holder.trim())
    return problem === undefined ? [] : [`${claim}: ${problem}`]
  })

function tableProblems(text: string): string[] {
  return tablesOf(text).flatMap(({ header, rows }) => {
    if (header.at(-1) !== 'Tests') return [`the table of "${header[0]}" does not end with the column "Tests"`]
    return rows.flatMap(row => {
      const [claim = ''] = row
      if (row.length !== header.length) return [`${claim}: ${row.length} columns, not ${header.length}`]
      return problemsOf(claim, row.at(-1) ?? '')
    })
  })
}

/** Text that claims something, under a heading of its own, ends with the line "Tests: ". */
function sectionProblems(text: string): string[] {
  const sections = text.split(/^### /m).slice(1)
  return sections.flatMap(section => {
    const [title = ''] = section.split('\n')
    const holders = /^Tests: (.+)$/m.exec(section.trimEnd().split('\n').at(-1) ?? '')?.[1]
    return holders === undefined ? [`${title}: does not end with "Tests: "`] : problemsOf(title, holders)
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
  const table = (...rows: string[]) => ['| Claim | Tests |', '|---|---|', ...rows, ''].join('\n')
  const told = (...rows: string[]) => tableProblems(table(...rows)).length
  assert.equal(told(`| a | ${link}: \`few claims are not tested\` |`, '| b | not tested: only a person can |'), 0)
  assert.equal(told(`| a | ${link}: \`few claims\`, \`is told\`; ${link}: \`every row\` |`), 0)
  assert.equal(told('| a |', '| a | |', '| a | - |', '| a | not tested: |', `| a | ${link} |`), 5)
  assert.equal(told(`| a | ${link}: \`${['no such', 'title'].join(' ')}\` |`), 1)
  assert.equal(told('| a | [`test/gone.test.ts`](../test/gone.test.ts): `x` |', `| a | ${link}: \`x\` | b |`), 2)
  assert.equal(tableProblems('| Claim | Proof |\n|---|---|\n').length, 1)
  assert.deepEqual(sectionProblems(`### One\n\nText.\n\n### Two\n\nTests: ${link}: \`is told\`\n`).length, 1)
})
