/** One glance at a Torhaus that is not well: what is wrong is said in words. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Counter, Gauge, Registry } from 'prom-client'
import { Metrics } from '../../src/observability/metrics.ts'
import { glancePage } from '../../src/operator/glance.ts'
import { peoplePage } from '../../src/operator/people.ts'

const NOW_MS = Date.UTC(2026, 10, 26)
const DAY_S = 86_400

/** As a worker counts where Kerberos is configured, and nothing else answers. */
async function metricsOfTrouble() {
  const metrics = new Metrics({ monotonic: () => 0, now: () => 0 })
  metrics.observe({
    upstream: () => ({ connections: 7, idle: 1, queued: 3, unproven: 0, opened: 9, evicted: 0, bound: 0, unasked: 0 }),
    clientConnections: () => 5,
    pipelinedRequests: () => 0,
    unprovenContentBytes: () => 0,
    unrecognisedPats: () => 0,
    isStoreAvailable: () => false,
    tunnels: () => 2,
    directory: () => ({
      ...{ circuit: 'open', kdcCallsRunning: 4, kdcCallsQueued: 11, principals: 6 },
      kdcs: [
        { kdc: 'dc1.corp.test:88', last: 'silent' },
        { kdc: 'dc2.corp.test:88', last: 'answered' },
        { kdc: 'dc3.corp.test:88', last: undefined },
      ],
      kdc: { started: 30, succeeded: 22, failed: 8, timedOut: 0, rejected: 0, shortCircuited: 0 },
      impersonation: { impersonations: 0, tokens: 0, identityMismatches: 0 },
    }),
  } as Parameters<Metrics['observe']>[0])
  const registry = new Registry()
  const gauge = (name: string, labelNames: string[] = []) =>
    new Gauge({ name, help: 'x', labelNames, registers: [registry] })
  const ends = gauge('torhaus_certificate_not_after_timestamp_seconds', ['option'])
  ends.set({ option: 'listener.tls.certificateFile' }, NOW_MS / 1000 + 3 * DAY_S)
  ends.set({ option: 'admin.tls.certificateFile' }, NOW_MS / 1000 - DAY_S)
  ends.set({ option: 'upstream.tls.caFile' }, NOW_MS / 1000 + 300 * DAY_S)
  gauge('torhaus_config_last_reload_successful').set(0)
  gauge('torhaus_worker_answering', ['worker']).set({ worker: '4711' }, 0)
  return [...(await metrics.registry.getMetricsAsJSON()), ...(await registry.getMetricsAsJSON())]
}

const glance = async (past: Parameters<typeof glancePage>[0]['past'] = []) =>
  glancePage({
    past,
    now: { atMs: NOW_MS, metrics: await metricsOfTrouble() },
    readiness: {
      ready: false,
      parts: { store: 'away', 'identityProvider acquired': 'known', kdcCircuit: 'open', workers: '1 of 2' },
    },
    refused: [],
  })

test('store, KDC, certificates, configuration and workers that are not well are said in words', async () => {
  const page = await glance()
  const bad = [...page.matchAll(/<span class="bad">([^<]*)/g), ...page.matchAll(/<td><span class="bad">([^<]*)/g)]
  const said = new Set(bad.map(([, text]) => text))
  for (const text of ['Not ready', 'does not answer', 'not asked, after failures', 'ends in 3 days', 'has ended', 'no'])
    assert.ok(said.has(text), text)
  for (const text of ['away', 'open', '1 of 2']) assert.ok(said.has(text), text)
  assert.match(page, /<dt>identity provider acquired<\/dt><dd>known<\/dd><dt>circuit to the KDC<\/dt>/)
  assert.match(page, /the current file has problems; the previous one is in force/)
  assert.match(page, /<dt>upstream\.tls\.caFile<\/dt><dd>ends in 300 days/)
  assert.match(page, /<dt>calls waiting<\/dt><dd>11<\/dd>/)
  assert.match(page, /<dt>dc1\.corp\.test:88<\/dt><dd><span class="bad">does not answer<\/span>/)
  assert.match(page, /<dt>dc2\.corp\.test:88<\/dt><dd><span class="good">answers<\/span>/)
  assert.doesNotMatch(page, /dc3/, 'it was not asked yet')
  assert.match(page, /<dt>to the server<\/dt><dd>7<\/dd><dt>idle among them<\/dt><dd>1<\/dd>/)
  assert.match(page, /<dt>requests waiting for one<\/dt><dd>3<\/dd>/)
})

test('what was counted is of the time that is named, and each minute has a bar', async () => {
  const reading = async (atMs: number, denied: number) => {
    const registry = new Registry()
    const names = { name: 'torhaus_requests_total', help: 'x', labelNames: ['outcome', 'scheme'] }
    new Counter({ ...names, registers: [registry] }).inc({ outcome: 'denied', scheme: 'pat' }, denied)
    return { atMs, metrics: await registry.getMetricsAsJSON() }
  }
  const minute = 60_000
  const past = [await reading(NOW_MS - 3 * minute, 100), await reading(NOW_MS - 2 * minute, 150)]
  const page = glancePage({
    ...{ past, now: await reading(NOW_MS, 160), refused: [] },
    readiness: { ready: true, parts: {} },
  })
  assert.match(page, /<span class="big">60<\/span> in the last 3 minutes: 60 refused, none failed/)
  assert.match(page, /<th scope="row">personal access token<\/th><td>0<\/td><td>0<\/td><td>60<\/td>/)
  assert.equal(page.match(/<rect class="refused"/g)?.length, 2)
  assert.match(page, /height="100"\/>.*height="20"\/>/s)
})

test('where the store lists nobody but by name, the page says so', () => {
  assert.match(
    peoplePage(undefined, null, () => 'token', NOW_MS),
    /Redis has no list of all people/,
  )
})

test('whatever counts as a second factor does so on the page, and in the rules for dashboards', async () => {
  const shareOf = async (policy: string) => {
    const registry = new Registry()
    const names = { name: 'torhaus_admissions_total', help: 'x', labelNames: ['policy'] }
    new Counter({ ...names, registers: [registry] }).inc({ policy }, 3)
    const page = glancePage({
      ...{ past: [], now: { atMs: NOW_MS, metrics: await registry.getMetricsAsJSON() }, refused: [] },
      readiness: { ready: true, parts: {} },
    })
    return /<span class="big">([^<]*)<\/span> of admitted requests/.exec(page)?.[1]
  }
  const rules = readFileSync(join(import.meta.dirname, '../../monitoring/prometheus/recording-rules.yaml'), 'utf8')
  const [, counted = ''] = /torhaus_admissions_total\{policy=~"([^"]+)"\}/.exec(rules) ?? []
  assert.deepEqual(counted.split('|').sort(), ['grant', 'provider-policy', 'second-factor', 'ticket-factor'])
  for (const policy of counted.split('|')) assert.equal(await shareOf(policy), '100 %', policy)
  for (const policy of ['server-checked', 'cors-preflight', 'build-webhooks'])
    assert.equal(await shareOf(policy), '0.0 %', policy)
})
