import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configSchema } from '../../config/schema.ts'
import { clientGroups } from '../../devkit/compatibility/clients.ts'
import { withClients } from '../../devkit/docs/document-clients.ts'
import { configurationPage, configurationSchema } from '../../devkit/docs/document-configuration.ts'
import { withConformance } from '../../devkit/docs/document-conformance.ts'
import { errorsPage } from '../../devkit/docs/document-errors.ts'
import { withExitCodes } from '../../devkit/docs/document-exit-codes.ts'
import { mistakesPage } from '../../devkit/docs/document-mistakes.ts'
import { textsFile } from '../../devkit/docs/document-texts.ts'
import { dashboardFiles } from '../../devkit/docs/draw-dashboards.ts'
import { floorsPicture } from '../../devkit/docs/draw-floors.ts'
import { errorTable } from '../../src/errors.ts'
import { exitCode } from '../../src/exit-codes.ts'

const docs = join(import.meta.dirname, '../../docs')
const read = (name: string) => readFileSync(join(docs, name), 'utf8')

for (const [name, made] of [
  ['configuration.md', configurationPage()],
  ['configuration.schema.json', configurationSchema()],
  ['errors.md', errorsPage()],
  ['wrong-configurations.md', mistakesPage()],
  ['texts.yaml', textsFile()],
  ['pictures/floors.svg', floorsPicture()],
] as const) {
  test(`docs/${name} is what \`npm run docs\` makes`, () => {
    assert.equal(read(name), made)
  })
}

for (const [name, made] of dashboardFiles) {
  test(`monitoring/grafana/${name} is what \`npm run docs\` makes`, () => {
    assert.equal(read(`../monitoring/grafana/${name}`), made)
  })
}

test('the exit codes in docs/operations.md are what `npm run docs` makes', () => {
  const page = read('operations.md')
  assert.equal(page, withExitCodes(page))
  for (const code of Object.values(exitCode)) assert.match(page, new RegExp(`^\\| ${code} \\| `, 'm'))
})

test('the table of clients in docs/clients.md is what `npm run docs` makes', () => {
  const page = read('clients.md')
  assert.equal(page, withClients(page))
  assert.match(page, /^\| curl \| nothing \| refused \| /m)
})

test('the tables of modules in docs/conformance.md are what `npm run docs` makes', () => {
  const page = read('conformance.md')
  assert.equal(page, withConformance(page))
  assert.match(page, /^\| `oidcc-client-test-invalid-iss` \| .* \| refuses \| refuses: `op-response-invalid` \|$/m)
})

test('each group of clients in that table has a file that tries it', () => {
  for (const name of Object.keys(clientGroups))
    assert.match(
      read(`../test/clients/${name}-clients.test.ts`),
      new RegExp(`^tryGroup\\('${name}'\\)$|\\bclientGroups\\.${name}\\b`, 'm'),
    )
})

test('every code of the error table is documented with its status and sentence', () => {
  const page = read('errors.md')
  const missing = Object.entries(errorTable).filter(
    ([code, { status, sentence }]) => !page.includes(`| \`${code}\` | ${status} | ${sentence} |`),
  )
  assert.deepEqual(missing, [])
})

test('every option is documented by its whole path', () => {
  const page = read('configuration.md')
  const missing = optionPaths(configSchema, '').filter(path => !page.includes(`| \`${path}\` |`))
  assert.deepEqual(missing, [])
})

/** Paths of all options that are no sections, from the schema itself. */
function optionPaths(schema: object, path: string): string[] {
  const { properties, items } = schema as { properties?: Record<string, object>; items?: object }
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([key, inner]) =>
      optionPaths(inner, path === '' ? key : `${path}.${key}`),
    )
  }
  const inItems = items !== undefined && 'properties' in items ? optionPaths(items, `${path}[]`) : []
  return [path, ...inItems]
}
