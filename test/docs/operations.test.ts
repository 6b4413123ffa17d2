import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientClasses } from '../../config/client-classes.ts'
import { commands } from '../../src/cli/commands.ts'
import { problemOf, tablesOf } from './held-by.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const page = read('docs/operations.md')
/** Its fields are held against its own page. */
const auditLog = 'src/observability/audit.ts'
const sources = globSync('src/**/*.ts', { cwd: ROOT })
  .filter(path => path !== auditLog)
  .map(read)
  .join('\n')

/** What `pattern` captures in the sources, and the page does not have in code. */
const undocumented = (pattern: RegExp) =>
  [...new Set([...sources.matchAll(pattern)].map(match => match[1] ?? ''))].filter(
    name => !page.includes(`\`${name}\``),
  )

test('every metric is on the operations page', () => {
  assert.ok((sources.match(/'torhaus_[a-z_]+'/g) ?? []).length > 10)
  assert.deepEqual(undocumented(/'(torhaus_[a-z_]+)'/g), [])
})

test('every metric on the operations page exists', () => {
  const named = [...page.matchAll(/`(torhaus_[a-z_]+)`/g)].map(match => match[1] ?? '')
  assert.deepEqual(
    named.filter(name => !sources.includes(`'${name}'`)),
    [],
  )
})

test('every field and action of log records is on the operations page', () => {
  assert.deepEqual(undocumented(/'((?:event|http|url|client|server|user|user_agent|torhaus|error)\.[a-z_.]+)':/g), [])
  assert.deepEqual(undocumented(/'event\.action': '([a-z-]+)'/g), [])
})

test('every kind of client is on the operations page', () => {
  assert.deepEqual(
    clientClasses.filter(name => !page.includes(`\`${name}\``)),
    [],
  )
})

test('each fault of the store on the operations page has a test that is there', () => {
  const [, section = ''] = page.split('## When the store fails')
  const rows = (section.split('\n## ')[0] ?? '')
    .split('\n')
    .filter(line => line.startsWith('| ') && !line.startsWith('| Fault'))
  assert.ok(rows.length > 10)
  for (const row of rows) {
    const tests = [...row.matchAll(/`(test\/[\w/-]+\.test\.ts)`/g)].map(([, name = '']) => name)
    assert.ok(tests.length > 0, row)
    for (const name of tests) assert.ok(existsSync(join(ROOT, name)), name)
  }
})

test('each fault of the store says what users see, what is lost and where it shows, and names its tests', () => {
  const [, section = ''] = /^## When the store fails\n(.*?)(?=^## )/ms.exec(page) ?? []
  const [table] = tablesOf(section)
  assert.deepEqual(table?.header, ['Fault', 'What users see', 'What is lost', 'Where it shows', 'Tests'])
  assert.ok(table.rows.length >= 15)
  const empty = table.rows.filter(cells => cells.length !== 5 || cells.some(cell => cell === ''))
  assert.deepEqual(empty, [])
  const problems = table.rows.flatMap(([fault, , , , holders = '']) =>
    holders
      .split('; ')
      .flatMap(holder => problemOf(holder) ?? [])
      .map(problem => `${fault}: ${problem}`),
  )
  assert.deepEqual(problems, [])
})

test('every command is on the operations page, and in the manual page of the package', () => {
  const manual = read('devkit/release/debian/torhaus.1').replaceAll('\\-', '-')
  for (const { name } of commands) {
    assert.ok(page.includes(`| \`torhaus ${name} `) || page.includes(`| \`torhaus ${name}\``), name)
    assert.match(manual, new RegExp(`^\\.BI? "?${name}\\b`, 'm'))
  }
})
