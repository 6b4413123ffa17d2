import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { KIBANA_FILE, kibanaObjects } from '../../devkit/docs/draw-kibana.ts'

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(ROOT, 'monitoring/elastic')
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')
const json = (name: string) => JSON.parse(read(`monitoring/elastic/${name}`))

interface Mapping {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Mapping>>
}

/** Each field of a mapping by its whole name. */
const typesOf = ({ properties = {} }: Mapping, prefix = ''): [string, string][] =>
  Object.entries(properties).flatMap(([name, inner]) =>
    inner.type === undefined ? typesOf(inner, `${prefix}${name}.`) : [[`${prefix}${name}`, inner.type]],
  )

const template = json('index-template.json')
const types = new Map(typesOf(template.template.mappings))

test('the index template gives each field of the schema that we use its type there', () => {
  const { fields } = JSON.parse(read('test/observability/ecs-fields.json')) as { fields: Record<string, string> }
  for (const [name, type] of Object.entries(fields)) assert.equal(types.get(name), type, name)
})

test('the index template knows each field of ours that the pages name, and no other', () => {
  const pages = `${read('docs/operations.md')}${read('docs/audit.md')}`
  const named = new Set([...pages.matchAll(/`(torhaus\.[a-z_]+)`/g)].map(match => match[1] ?? ''))
  for (const file of ['audit', 'service', 'stop', 'reload', 'yaml'].map(name => `torhaus.${name}`)) named.delete(file)
  assert.ok(named.size > 20)
  assert.deepEqual([...types.keys()].filter(name => name.startsWith('torhaus.')).sort(), [...named].sort())
})

test('template, lifecycle policy and pipeline name each other', () => {
  const { settings } = template.template
  assert.deepEqual(settings.index, { lifecycle: { name: 'torhaus' }, default_pipeline: 'torhaus' })
  assert.ok(json('lifecycle-policy.json').policy.phases.delete.min_age)
  assert.ok(json('ingest-pipeline.json').processors.length > 5)
  const page = read('monitoring/README.md')
  for (const path of ['_ilm/policy/torhaus', '_ingest/pipeline/torhaus', '_index_template/logs-torhaus'])
    assert.ok(page.includes(path), path)
})

test('the samples for shippers can be read, and send to where the template fits', () => {
  const [pattern = ''] = template.index_patterns as string[]
  for (const name of globSync('*.yaml', { cwd: FOLDER }))
    for (const document of parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8')))
      assert.deepEqual(document.errors, [], name)
  const prefix = pattern.replace('*', '')
  for (const name of ['filebeat.yaml', 'fluent-bit.yaml', 'rsyslog.conf'])
    assert.match(read(`monitoring/elastic/${name}`), new RegExp(`\\b${prefix}`), name)
  assert.match(read('monitoring/elastic/vector.yaml'), /type: logs, dataset: torhaus/)
})

test('monitoring/elastic/kibana.ndjson is what `npm run docs` makes', () => {
  assert.equal(readFileSync(KIBANA_FILE, 'utf8'), kibanaObjects())
})

test('the objects for Kibana refer to each other, and to fields that the template knows', () => {
  const objects = kibanaObjects()
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
  const ids = objects.map(({ type, id }) => `${type} ${id}`)
  assert.equal(new Set(ids).size, ids.length)
  for (const { references, attributes } of objects) {
    for (const { type, id } of references) assert.ok(ids.includes(`${type} ${id}`))
    const query: string = JSON.parse(attributes.kibanaSavedObjectMeta?.searchSourceJSON ?? '{}').query?.query ?? ''
    const fields = [...query.matchAll(/([\w.@]+) :/g)].map(match => match[1] ?? '')
    for (const field of [...fields, ...(attributes.columns ?? [])]) assert.ok(types.has(field), field)
  }
})
