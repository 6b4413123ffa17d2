import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countsIn } from '../../../loadtest/lab/store.ts'
import { newMeasured, percentile, sumUp } from '../../../loadtest/measure/figures.ts'
import { sumUpScenario } from '../../../loadtest/measure/sum-up-scenario.ts'
import { capacityFor, costModel } from '../../../loadtest/report/cost-model.ts'
import { jsonLine, scenarioResultName } from '../../../loadtest/results/scenario-result.ts'
import { scenarioFailures } from '../../../loadtest/run-scenario.ts'
import { handshake } from '../../../loadtest/scenarios/handshake.ts'
import { session } from '../../../loadtest/scenarios/session.ts'
import { slope } from '../../../loadtest/soak/slope.ts'
import { sampleResults } from './sample-results.ts'

/** Two turns of 1,000 requests in two seconds. */
function figures(cpuUs: readonly number[], errors: number, upstreamSockets: number) {
  const measured = newMeasured()
  for (const used of cpuUs)
    measured.turns.push({
      ...{ requests: 1000, durationS: 2, bytes: 0, cpuUs: used, errors: 0, residentBytes: 1e8, upstreamSockets },
      generatorCpuUs: undefined,
    })
  measured.latenciesMs.push(1, 2, 3, 4)
  measured.errors = errors
  return sumUp(measured)
}

const population = { sessions: 10_000, principals: 5000 }
const about = { store: 'sqlite', tls: 'none', population, requestsPerSecond: 200, comparisons: [], notes: [] } as const

const result = sumUpScenario(
  session,
  new Map([
    ['torhaus', figures([40_000, 60_000], 0, 64)],
    ['nginx', figures([10_000, 20_000], 2, 64)],
    ['direct', figures([0], 0, 0)],
  ]),
  about,
)

test('the last line of --json has exactly these fields, and no row for the origin server itself', () => {
  const plain = { rps: 500, p50Ms: 2, p99Ms: 4 }
  assert.deepEqual(JSON.parse(jsonLine(result)), {
    scenario: 'session',
    ...{ store: 'sqlite', tls: 'none', population },
    subject: { ...plain, cpuUsPerRequest: 50, errors: 0, upstreamSockets: 64 },
    peers: { nginx: { ...plain, cpuUsPerRequest: 15, errors: 2, upstreamSockets: 64 } },
  })
})

test('what Redis is asked stands beside its goal, and in the last line of --json', () => {
  const torhaus = { ...figures([40_000], 0, 64), more: { 'Redis commands/request': 0.0834 } }
  const withRedis = sumUpScenario(session, new Map([['torhaus', torhaus]]), { ...about, store: 'redis' })
  assert.deepEqual(withRedis.comparisons, [
    { what: 'Redis commands per request, in a steady state', measured: 0.0834, digits: 3, atMost: 0.1 },
  ])
  assert.equal(JSON.parse(jsonLine(withRedis)).subject.redisCommandsPerRequest, 0.0834)
})

test('what commands Redis has run is counted without asking for it', () => {
  const lines = ['# CPU', 'used_cpu_sys:1.5', 'used_cpu_user:2.25', 'used_cpu_sys_children:9', '# Commandstats']
  const stats = [
    'cmdstat_info:calls=7,usec=1',
    'cmdstat_client|tracking:calls=2,usec=3',
    'cmdstat_hmget:calls=40,usec=1',
  ]
  assert.deepEqual(countsIn([...lines, ...stats].join('\r\n')), { commands: 42, cpuUs: 3_750_000 })
  assert.throws(() => countsIn('NOAUTH Authentication required.'), /does not tell/)
})

test('resumed connections are compared round by round, and held against goals of their own', () => {
  const resumed = (...costs: number[]) => ({ ...figures([1000, 1000], 0, 0), resumedCosts: costs })
  const all = new Map([
    ['torhaus', resumed(300, 360)],
    ['nginx', resumed(200, 120)],
  ])
  const { unit, comparisons } = sumUpScenario(handshake, all, { ...about, tls: 'client' })
  assert.equal(unit, 'us/connection')
  assert.deepEqual(comparisons.at(-1), {
    what: 'resumed connection, cost beside nginx',
    ...{ measured: { median: 2.25, least: 1.5, most: 3 }, digits: 2, atMost: 2 },
  })
  assert.equal(comparisons.length, 3)
})

test('results are kept by what was run', () => {
  const nameOf = (tls: 'none' | 'both', store: 'sqlite' | 'redis') =>
    scenarioResultName({ scenario: 'session', tls, store })
  assert.deepEqual(
    [nameOf('none', 'sqlite'), nameOf('both', 'sqlite'), nameOf('both', 'redis')],
    ['session', 'session-tls-both', 'session-tls-both-redis'],
  )
})

test('ratios are taken per round', () => {
  assert.deepEqual(result.rows[1]?.torhausCosts, { median: 3.5, least: 3, most: 4 })
})

test('errors of Torhaus and more connections than allowed fail, errors of peers do not', () => {
  assert.deepEqual(scenarioFailures(result, session), [])
  const failing = sumUpScenario(session, new Map([['torhaus', figures([1], 3, 65)]]), about)
  assert.deepEqual(scenarioFailures(failing, session), [
    'torhaus: 3 errors',
    'torhaus opened 65 connections to the origin server, not 64',
  ])
})

test('percentiles by nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index)
  assert.deepEqual([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)], [100, 198, 200])
})

test('the slope of a line is found, and of too few points there is none', () => {
  const points = [0, 1, 2, 3].map(x => ({ x, y: 100 + 2.5 * x }))
  assert.equal(slope(points), 2.5)
  assert.equal(slope(points.slice(0, 1)), 0)
})

test('capacity grows with the users, in whole cores with room to spare', () => {
  const model = costModel(sampleResults)
  assert.ok(model !== undefined)
  assert.deepEqual([model.usPerRequest, Math.round(model.usPerKb * 100) / 100], [42, 0.74])
  const { requestsPerSecond, cores, busyCores, memoryMb } = capacityFor(50_000, model)
  // 15,000/s at 150 us; 4 x (140 MB + 50,000 x 2.9 KB) and 100,000 connections of 9 KB.
  assert.deepEqual([requestsPerSecond, busyCores, cores, Math.round(memoryMb)], [15_000, 2.25, 4, 2040])
})
