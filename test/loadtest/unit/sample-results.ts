/** Results as they are kept, with made-up figures. */
import type { Curve } from '../../../loadtest/curves/curves-result.ts'
import type { KeptResult, KeptResults, Result } from '../../../loadtest/results/kept-result.ts'
import { resultName } from '../../../loadtest/results/kept-result.ts'
import {
  type ResultRow,
  type ScenarioResult,
  type Spread,
  TOO_BUSY,
} from '../../../loadtest/results/scenario-result.ts'

const around = (median: number): Spread => ({ median, least: median * 0.85, most: median * 1.2 })

const row = (name: string, costUs: number, torhausUs: number): ResultRow => ({
  ...{ name, rps: around(1e6 / costUs), cost: around(costUs), cpuUsPerRequest: costUs },
  ...(name !== 'torhaus' && { torhausCosts: around(torhausUs / costUs) }),
  ...{ p50Ms: 0.5 + costUs / 500, p99Ms: 2, upstreamSockets: 60, residentMb: 150, errors: 0, more: {} },
})

function scenario(name: string, costs: Readonly<Record<string, number>>): ScenarioResult {
  const torhausUs = costs.torhaus ?? 0
  return {
    ...{ kind: 'scenario', scenario: name, description: `Traffic of ${name}.`, unit: 'us/request' },
    ...{ store: 'sqlite', tls: 'none', population: { sessions: 10_000, principals: 5000 }, requestsPerSecond: 200 },
    rows: [
      ...Object.entries(costs).map(([subject, costUs]) => row(subject, costUs, torhausUs)),
      { name: 'direct', p50Ms: 0.4, p99Ms: 1.5, errors: 0, more: {} },
    ],
    comparisons: [
      { what: 'p50 added to a request without Torhaus, ms', measured: 0.21, digits: 2, atMost: 0.5 },
      { what: 'p99 added to a request without Torhaus, ms', measured: -3.1, digits: 2, atMost: 2, doubt: TOO_BUSY },
    ],
    notes: [],
  }
}

function curve(name: Curve['name'], xLabel: string, costs: Readonly<Record<number, number>>): Curve {
  const points = Object.entries(costs).map(([x, us]) => ({
    ...{ x: Number(x), cpuUsPerRequest: around(us), rps: around(1e6 / us), residentMb: 150, errors: 0 },
  }))
  const half = points.map(point => ({ ...point, cpuUsPerRequest: around(point.cpuUsPerRequest.median / 3) }))
  const isAlone = name === 'sessions' || name === 'principals'
  return {
    name,
    description: `Cost against ${xLabel}.`,
    xLabel,
    lines: { torhaus: points, ...(!isAlone && { nginx: half }) },
  }
}

const samples = Array.from({ length: 180 }, (_, index) => ({
  ...{ atS: (index + 1) * 10, rps: 500, p50Ms: 1 + (index % 5) / 10, p99Ms: 6 + (index % 17), errors: 0 },
  ...{ cpuPercent: 12, residentMb: 150 + 60 * (1 - Math.exp(-index / 12)) + (index % 7), heapMb: 40 + (index % 13) },
  ...{ socketsDown: Math.min(64, 8 + index), socketsUp: Math.min(40, 4 + index) },
}))

const results: readonly Result[] = [
  scenario('session', { torhaus: 48, nginx: 12, haproxy: 13, apache: 45, 'apache-openidc': 110, 'http-proxy': 62 }),
  scenario('bearer', { torhaus: 50, nginx: 12, haproxy: 13, apache: 45, 'apache-openidc': 104, 'http-proxy': 62 }),
  scenario('mission-day', {
    torhaus: 150,
    nginx: 90,
    haproxy: 80,
    apache: 160,
    'apache-openidc': 230,
    'http-proxy': 190,
  }),
  {
    ...{ kind: 'curves', population: { sessions: 10_000, principals: 5000 } },
    curves: [
      curve('response-bytes', 'response content, bytes', { 0: 42, 1024: 44, 10240: 50, 102400: 110, 1048576: 800 }),
      curve('connections', 'busy client connections', { 1: 70, 16: 52, 64: 48, 256: 50, 1000: 61 }),
      curve('principals', 'principals', { 10: 48, 100: 49, 1000: 52, 5000: 70 }),
      curve('sessions', 'sessions in use', { 10: 48, 1000: 55, 10000: 66, 100000: 74 }),
    ],
    memory: {
      baseMb: 140,
      bytesPerSession: 2000,
      bytesPerPrincipal: 900,
      bytesPerConnection: 9000,
      bytesPerTlsConnection: 31_000,
    },
  },
  {
    ...{ kind: 'workers', description: 'One worker beside two.' },
    rows: [1, 2].map(workers => ({
      ...{ workers, cores: workers, rps: around(workers * 19_000), cpuUsPerRequest: around(50), errors: 0 },
      ...{ availableCores: around(workers * 0.95), residentMb: 150 * workers },
    })),
    comparisons: [{ what: 'throughput', measured: around(1.9), digits: 2, atLeast: 1.8 }],
  },
  {
    ...{ kind: 'soak', description: 'The mission mix for 30 minutes.', requestsPerSecond: 500, minutes: 30, samples },
    ...{ warmUpS: 300, residentMbPerHour: 1.5, errors: 0, maxSocketsDown: 64, maxSocketsUp: 128 },
  },
  {
    ...{ kind: 'mission', requestsPerSecond: 400, steadyAddedP99Ms: 4, latenessP99Ms: 1 },
    ...{ rollOut: 'rolled-out', rollOutS: 31.5 },
    figures: {
      ...{ requests: 36_000, errors: 0, addedP99Ms: 12, cpuUsPerRequest: 500 },
      ...{ upstreamSockets: 300, kdcRequests: 64, bytes: 36_000 * 100_000 },
    },
  },
]

const kept = (result: Result): KeptResult => ({
  ...{ date: '2026-03-04T05:06:07.000Z', commit: 'abc1234', durationS: 170, short: false, result },
  machine: {
    ...{ cpu: 'A processor', cores: 2, memoryGb: 24, kernel: '6.18', system: 'Debian 12', node: '26.10.0' },
    ...{ isPinned: true, loadAverage: 0.1, programs: { nginx: '1.22.1', wrk: '4.1.0' } },
  },
})

export const sampleResults: KeptResults = new Map(results.map(result => [resultName(result), kept(result)]))
