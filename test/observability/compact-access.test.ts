/** The compact form of access records: all that the other form says, by the table of docs/operations.md, in the bytes it names. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { configured, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { accessLog } from '../../src/observability/access-log.ts'
import { type ExchangeRecord, newRecord } from '../../src/observability/exchange-record.ts'
import { createLog } from '../../src/observability/log.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
const SECTION = /### Compact access records\n([\s\S]*?)\n### /.exec(PAGE)?.[1] ?? ''
/** Short name, name in ECS. */
const NAMES = new Map(
  [...SECTION.matchAll(/`(\w+)` \| `([\w.@]+)`/g)].map(([, short = '', ecs = '']) => [short, ecs] as const),
)
const NOW = Date.parse('2026-03-02T09:15:42.123Z')

/** A page of a browser, as most requests of people are. */
function typical(change: Partial<ExchangeRecord> = {}): ExchangeRecord {
  const known = {
    arrivedAtMs: 1000,
    ...{ request: { method: 'GET' }, response: { headersSent: true, statusCode: 200 } },
    requestId: '018bb709-d0f0-4f0e-8746-7cd8911289f3',
    target: { path: '/DefaultCollection/Shop/_apis/git/repositories/web/items' },
    ...{ clientAddress: '192.0.2.117', account: 'CORP\\ada.lovelace', clientClass: 'browser' },
    fields: {
      kept: {
        'user-agent':
          'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
      },
    },
    ...{ credentials: { scheme: 'session' }, admittedBy: 'second-factor' },
  } as unknown as ExchangeRecord['known']
  const ended = { outcome: 'forwarded', stage: 'forward', responseBytes: 4711 } as const
  return { ...newRecord(known), ...ended, decidedAtMs: 1000.112, upstreamFirstByteAtMs: 1012.345, ...change }
}

function written(record: ExchangeRecord, form: 'ecs' | 'compact'): string {
  let text = ''
  const output = new Writable({
    write(chunk, _, done) {
      text += chunk
      done()
    },
  })
  accessLog(
    createLog({ level: 'info' }, output, () => NOW),
    () => NOW,
    form,
  )(record, 1013.25)
  return text
}

/** What both forms say, by the names of ECS; what the compact one may leave out is left out of the other. */
function compared(record: ExchangeRecord): [unknown, unknown] {
  const compact = JSON.parse(written(record, 'compact')) as Record<string, unknown>
  const named = Object.fromEntries(
    Object.entries(compact).map(([name, value]) => [
      NAMES.get(name) ?? `not in the table: ${name}`,
      name === 'd' ? Number(value) * 1e6 : value,
    ]),
  )
  const whole = JSON.parse(written(record, 'ecs')) as Record<string, unknown>
  const ecs = Object.entries(whole).filter(
    ([name, value]) =>
      [...NAMES.values()].includes(name) &&
      !(name.endsWith('body.bytes') && value === 0) &&
      !(name === 'torhaus.stage' && record.outcome === 'forwarded'),
  )
  return [named, Object.fromEntries(ecs)]
}

test('each member is one of the other form, by another name, and none is missing', () => {
  assert.ok(NAMES.size > 15)
  const records = [
    typical(),
    typical({ requestBytes: 7, responseBytes: 0 }),
    typical({ outcome: 'denied', code: 'second-factor-missing', stage: 'require-second-factor' }),
    typical({ outcome: 'failed', code: 'upstream-connect-failed', stage: 'forward', cause: new Error('"quoted"\n') }),
  ]
  for (const record of records) {
    const [compact, ecs] = compared(record)
    assert.deepEqual(compact, ecs)
  }
})

/** As long as with this, whichever process measures. */
const TYPICAL_PID = 54_321

function sizes(form: 'ecs' | 'compact'): [bytes: number, gbPerDay: number] {
  const text = written(typical(), form).replace(`"process.pid":${process.pid}`, `"process.pid":${TYPICAL_PID}`)
  const bytes = Buffer.byteLength(text)
  return [bytes, Math.round((bytes * 100e6) / 1e9)]
}

test('both forms are as long as the documentation says', () => {
  const documented = [...SECTION.matchAll(/^\| `(ecs|compact)` \| (\d+) \| (\d+) GB \|/gm)].map(
    ([, form, bytes, gb]) => [form, Number(bytes), Number(gb)],
  )
  assert.deepEqual(documented, [
    ['ecs', ...sizes('ecs')],
    ['compact', ...sizes('compact')],
  ])
})

test('what a client chooses stays inside its member', () => {
  const record = typical()
  const path = '/"},{"o":"\n'
  const known = { ...record.known, target: { path } } as ExchangeRecord['known']
  const text = written({ ...record, known }, 'compact')
  assert.equal(text.indexOf('\n'), text.length - 1)
  assert.equal(JSON.parse(text).p, path)
})

test('logging.accessForm: compact writes requests in it, and the rest of the log as before', async () => {
  const proxy = await startProxy({ configure: configured({}, {}, { logging: { accessForm: 'compact' } }) })
  try {
    const response = await proxy.ask('GET /short?secret=x', [proxy.bearerField])
    const record = await proxy.fixture.logged(({ id }) => id === response.one('X-Request-Id'))
    assert.partialDeepStrictEqual(record, { o: 'forwarded', m: 'GET', p: '/short', s: 200, u: 'ada', a: 'bearer' })
    assert.equal(Object.keys(record)[0], 't')
    assert.ok(proxy.fixture.log.every(other => 't' in other !== 'log.level' in other))
    assert.ok(!proxy.fixture.log.some(other => other['event.action'] === 'request'))
  } finally {
    await proxy.close()
  }
})
