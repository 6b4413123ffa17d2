/** Records against a list of what the Elastic Common Schema says of each field: its name and its type. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import type { LogRecord } from '../../devkit/torhaus/torhaus-fixture.ts'
import { auditActions } from '../../src/observability/audit.ts'
import { ecsActions } from '../../src/observability/ecs.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')
const { fields, expectedEventTypes } = JSON.parse(read('test/observability/ecs-fields.json')) as {
  readonly fields: Readonly<Record<string, string>>
  readonly expectedEventTypes: Readonly<Record<string, readonly string[]>>
}

const isText = (value: unknown) => typeof value === 'string'
/** What Elasticsearch takes as a value of a type. */
const HOLDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  date: value => isText(value) && !Number.isNaN(Date.parse(String(value))),
  ip: value => isIP(String(value)) !== 0,
  keyword: value => isText(value) || (Array.isArray(value) && value.every(isText)),
  long: value => Number.isSafeInteger(value),
  match_only_text: isText,
  wildcard: isText,
}

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({ configure: configured({ trustedProxies: ['127.0.0.1'] }) })
})
after(() => proxy.close())

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

/** Of everything there is, some. */
async function records(): Promise<readonly LogRecord[]> {
  const answers = [
    await proxy.pass('GET /x', ['User-Agent: git/2.50', `traceparent: 00-${TRACE}-00f067aa0ba902b7-01`]),
    await proxy.pass('POST /x', ['Content-Length: 4'], 'four'),
    await proxy.ask('GET /x', [proxy.bearerField]),
    await proxy.ask('GET /x'),
    await proxy.ask('GET /.torhaus/nothing'),
    await proxy.ask('GET /x', [proxy.bearerField, 'Sudo: root']),
  ]
  for (const answer of answers) await proxy.record(answer)
  const broken = await proxy.connect()
  broken.send('no request\r\n\r\n')
  await proxy.fixture.logged(record => record['event.action'] === 'reject')
  await proxy.fixture.logged(record => record['event.action'] === 'request-refused')
  return proxy.fixture.log
}

test('each field of a record is of the schema and of its type, or ours', async () => {
  const all = await records()
  assert.ok(all.length > 6)
  for (const record of all)
    for (const [name, value] of Object.entries(record)) {
      if (name.startsWith('torhaus.')) continue
      const type = fields[name]
      assert.ok(type !== undefined, `${name} is no field of the schema that is known here`)
      assert.ok(HOLDS[type]?.(value), `${name}: ${JSON.stringify(value)} is no ${type}`)
    }
})

test('each record says which version of the schema it follows, of which service it is, and what it is about', async () => {
  for (const record of await records())
    for (const name of ['ecs.version', 'service.name', 'service.version', 'event.kind', 'event.category', 'event.type'])
      assert.ok(record[name] !== undefined, `${record['event.action']} has no ${name}`)
})

test('a request of a trusted peer is in its trace, and one of anybody else in none', async () => {
  const traced = ['User-Agent: git/2.50', `traceparent: 00-${TRACE}-00f067aa0ba902b7-01`]
  assert.equal((await proxy.record(await proxy.pass('GET /x', traced)))['trace.id'], TRACE)
  const open = await startProxy()
  try {
    const record = await open.record(await open.ask('GET /x', [patField, ...traced]))
    assert.equal(record['trace.id'], undefined)
    assert.equal(record['client.ip'], '127.0.0.1')
  } finally {
    await open.close()
  }
})

test('each action that the pages name has its category and type, and there are no others', () => {
  const [, table = ''] = read('docs/operations.md').split('| `event.action` | Level | When |')
  const rows = (table.split('\n\n')[0] ?? '').split('\n').filter(line => line.startsWith('| `'))
  const named = rows.flatMap(row =>
    [...(row.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(match => match[1] ?? ''),
  )
  assert.ok(named.length > 20)
  // Put together as text, with members of its own.
  const expected = [...named.filter(name => name !== 'request'), ...Object.keys(auditActions)]
  assert.deepEqual(Object.keys(ecsActions).sort(), expected.sort())
})

test('the types of an action are those that the schema expects of its category', () => {
  for (const [action, { 'event.category': categories, 'event.type': types }] of Object.entries(ecsActions))
    for (const category of categories)
      for (const type of types)
        assert.ok(expectedEventTypes[category]?.includes(type), `${action}: ${category}, ${type}`)
})
