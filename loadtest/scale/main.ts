/** `npm run loadtest:scale`: the table of docs/performance/scale.md. Takes a few minutes; nothing is listened to. */
import { optionValues } from '../../devkit/demo/option-values.ts'
import { endWith } from '../../devkit/demo/program.ts'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { KINDS } from './counted-store.ts'
import { type Company, simulate } from './simulate.ts'

const SECONDS = 300
const PERSON = { requestsPerSecond: 0.3 }
const MISSION = { ...PERSON, people: 10_000, instances: 2, workersEach: 4 }
/** 100,000 people are counted by a fiftieth of them: what one costs does not depend on the others. */
const PART = 50
const TEN_TIMES = { ...PERSON, people: 100_000 / PART, instances: 20, workersEach: 8 }

const rows: readonly (readonly [name: string, company: Company, times: number])[] = [
  ['mission, any worker', { ...MISSION, workersPerPerson: 8 }, 1],
  ['mission, six connections each', { ...MISSION, workersPerPerson: 6 }, 1],
  ['mission, two connections each', { ...MISSION, workersPerPerson: 2 }, 1],
  ['ten times, any worker', { ...TEN_TIMES, workersPerPerson: 160 }, PART],
  ['ten times, six connections each', { ...TEN_TIMES, workersPerPerson: 6 }, PART],
  ['ten times, two connections each', { ...TEN_TIMES, workersPerPerson: 2 }, PART],
]

async function run(): Promise<ExitCode> {
  optionValues(process.argv.slice(2), {})
  const head = ['', 'requests/s', 'commands per request', 'commands/s', ...KINDS, 'invalidations/s', 'heartbeats/s']
  head.push('refreshes at the OP/s', 'signatures/s', 'sessions of a worker')
  process.stdout.write(`| ${head.join(' | ')} |\n|---|${'--:|'.repeat(head.length - 1)}\n`)
  for (const [name, company, part] of rows) {
    const counted = await simulate(company, SECONDS, part)
    const cells = [
      Math.round(counted.requestsPerSecond),
      counted.commandsPerRequest.toFixed(3),
      Math.round(counted.commandsPerRequest * counted.requestsPerSecond),
      ...KINDS.map(kind => Math.round(counted.commandsPerSecond[kind])),
      ...[counted.invalidationsPerSecond, counted.heartbeatsPerSecond].map(Math.round),
      ...[counted.refreshesPerSecond, counted.verificationsPerSecond].map(Math.round),
      counted.keptByWorker,
    ]
    process.stdout.write(`| ${[name, ...cells].join(' | ')} |\n`)
  }
  return exitCode.done
}

endWith('count', run)
