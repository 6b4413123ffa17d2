/** `npm run loadtest:scale`: the table of docs/performance/scale.md. Takes a few minutes; nothing is listened to. */
import { type Company, simulate } from './simulate.ts'

const SECONDS = 300
const PERSON = { requestsPerSecond: 0.3 }
const MISSION = { ...PERSON, people: 10_000, instances: 2, workersEach: 4 }
/** 100,000 people are counted by a fiftieth of them: what one costs does not depend on the others. */
const PART = 50
const TEN_TIMES = { ...PERSON, people: 100_000 / PART, instances: 20, workersEach: 8 }

const rows: readonly (readonly [name: string, company: Company, times: number])[] = [
  ['the mission, any worker', { ...MISSION, workersPerPerson: 8 }, 1],
  ['the mission, six connections each', { ...MISSION, workersPerPerson: 6 }, 1],
  ['the mission, two connections each', { ...MISSION, workersPerPerson: 2 }, 1],
  ['ten times, any worker', { ...TEN_TIMES, workersPerPerson: 160 }, PART],
  ['ten times, six connections each', { ...TEN_TIMES, workersPerPerson: 6 }, PART],
  ['ten times, two connections each', { ...TEN_TIMES, workersPerPerson: 2 }, PART],
]

process.stdout.write(
  '| | requests/s | commands per request | commands/s | invalidations/s | heartbeats passed on/s | sessions kept by a worker |\n|---|--:|--:|--:|--:|--:|--:|\n',
)
for (const [name, company, times] of rows) {
  const counted = simulate(company, SECONDS)
  const requests = counted.requestsPerSecond * times
  const cells = [
    Math.round(requests),
    counted.commandsPerRequest.toFixed(3),
    Math.round(counted.commandsPerRequest * requests),
    Math.round(counted.invalidationsPerSecond * times),
    Math.round(counted.heartbeatsPerSecond),
    counted.keptByWorker * times,
  ]
  process.stdout.write(`| ${[name, ...cells].join(' | ')} |\n`)
}
