import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Dashboard } from '@grafana/schema'
import { dashboardFiles } from '../../devkit/docs/draw-dashboards.ts'
import { keytabOctets } from '../../devkit/kerberos/recorded-tokens.ts'
import { type PrometheusProcess, startPrometheus } from '../../devkit/prometheus/prometheus-process.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { startMitKdc } from '../kerberos/mit-kdc.ts'
import { startWorkersLab, until, type WorkersLab } from '../workers/workers-lab.ts'
import { startTraffic, type Traffic } from './traffic.ts'

/** What Grafana puts in for its variables, with an interval that suits a scrape each second. */
const VARIABLES: Readonly<Record<string, string>> = {
  $instance: '.+',
  $__rate_interval: '30s',
  $__range: '1m',
}

interface Query {
  readonly where: string
  readonly expression: string
  readonly wantsExemplars: boolean
}

interface Target {
  readonly expr?: string
  readonly exemplar?: boolean
}

const dashboards = [...dashboardFiles].map(([file, text]) => [file, JSON.parse(text) as Dashboard] as const)

const queries: readonly Query[] = dashboards.flatMap(([file, { panels = [] }]) =>
  panels.flatMap(panel =>
    'targets' in panel
      ? ((panel.targets ?? []) as Target[]).map(({ expr, exemplar }) => ({
          where: `${file}: ${panel.title}`,
          expression: String(expr).replace(
            /\$\w+/g,
            name => VARIABLES[name] ?? assert.fail(`${panel.title}: ${name} is no variable`),
          ),
          wantsExemplars: exemplar === true,
        }))
      : [],
  ),
)

let certificate: Certificate
let redis: RedisProcess
let lab: WorkersLab
let prometheus: PrometheusProcess
let traffic: Traffic
const opened = new AsyncDisposableStack()

before(async () => {
  certificate = await createCertificate('DNS:origin.example')
  opened.defer(() => certificate.remove())
  redis = await startRedis()
  opened.defer(() => redis.close())
  const keytab = join(redis.directory, 'keytab')
  await writeFile(keytab, keytabOctets, { mode: 0o600 })
  const authorities = join(redis.directory, 'authorities.pem')
  await copyFile(certificate.certificateFile, authorities)
  const kdc = `127.0.0.1:${await freePort()}`
  const second = await startMitKdc({ realm: 'CORP.TEST', users: {}, services: [] })
  opened.defer(() => second.close())
  lab = await startWorkersLab({}, config => ({
    ...config,
    upstream: { ...config.upstream, tls: { caFile: authorities } },
    secondFactor: {
      ...config.secondFactor,
      rules: [{ name: 'no-projects', when: { path: '/.*' }, require: 'refuse', reportOnly: true }],
    },
    session: { ...config.session, store: { kind: 'redis', redis: { urls: [redis.url] } } },
    // Nobody listens at the first; the second has never heard of whoever is asked about.
    kerberos: {
      ...{
        realm: 'CORP.TEST',
        netbiosDomain: 'CORP',
        kdcs: [kdc, second.kdc],
        keytabFile: keytab,
      },
      // Of our own account there is no key, so that passwords go to the KDCs without its ticket.
      ...{ acceptPrincipal: 'HTTP/proxy.corp.test', servicePrincipal: 'svc-without-key' },
      // Each wrong one asks a KDC, for as long as this takes.
      ...{ kdcTimeoutMs: 2000, passwords: { accept: true, maxFailuresPerAddress: 100_000 } },
    },
  }))
  opened.defer(() => lab.close())
  prometheus = await startPrometheus([lab.adminAddress])
  opened.defer(() => prometheus.stop())
  traffic = await startTraffic(lab)
  opened.defer(() => traffic.stop())
})
after(() => opened.disposeAsync())

test('each query of each dashboard is answered under load, and none is empty', async () => {
  assert.ok(queries.length > 70)
  let empty: readonly Query[] = queries
  await until('every query to have an answer', async () => {
    const answers = await Promise.all(empty.map(({ expression }) => prometheus.query(expression)))
    empty = empty.filter((_, index) => answers[index]?.every(({ value: [, text] }) => text === 'NaN'))
    return empty.length === 0
  }).catch(() => undefined)
  assert.deepEqual(empty, [])
})

test('each query that shows exemplars finds some', async () => {
  const asking = queries.filter(({ wantsExemplars }) => wantsExemplars)
  assert.ok(asking.length >= 3)
  const start = String(Date.now() / 1000 - 300)
  for (const { where, expression } of asking)
    await until(`exemplars for ${where}`, async () => {
      const query = new URLSearchParams({ query: expression, start, end: String(Date.now() / 1000 + 60) })
      const series = (await prometheus.api(`query_exemplars?${query}`)) as { exemplars: { labels: object }[] }[]
      return series.some(({ exemplars }) => exemplars.some(({ labels }) => 'request_id' in labels))
    })
})

test('each panel says which question it answers, and no two panels lie on each other', () => {
  for (const [file, { panels = [], uid, schemaVersion }] of dashboards) {
    assert.equal(`${uid}.json`, file)
    assert.ok(schemaVersion > 30)
    const taken = new Set<string>()
    for (const panel of panels) {
      const { title = '', gridPos } = panel
      assert.match('description' in panel ? (panel.description ?? '') : 'A row.', /[?!.]$/, `${file}: ${title}`)
      assert.ok(gridPos && gridPos.x + gridPos.w <= 24, title)
      for (const cell of cellsOf(gridPos)) {
        assert.ok(!taken.has(cell), `${file}: ${title} lies on another panel`)
        taken.add(cell)
      }
    }
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  }
})

const span = (from: number, length: number) => Array.from({ length }, (_, index) => from + index)

const cellsOf = ({ x, y, w, h }: { x: number; y: number; w: number; h: number }) =>
  span(x, w).flatMap(column => span(y, h).map(line => `${column} ${line}`))
