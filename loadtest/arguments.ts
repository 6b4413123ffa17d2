/** The command line. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { curvesJob, type Job, scenarioJob, soakJob, workersJob } from './job.ts'
import { usualPeers } from './peer-table.ts'
import { DOCUMENT_FOLDER, resultFolder } from './report/write-report.ts'
import type { Scenario } from './scenario.ts'
import { scenarioTable } from './scenario-table.ts'

export interface Wish {
  readonly jobs: readonly Job[]
  readonly json: boolean
  readonly short: boolean
  /** Where results are kept; undefined: nowhere. */
  readonly keepIn: string | undefined
  /** Where the report is written, from what is kept there; undefined: nowhere. */
  readonly renderIn: string | undefined
}

/**
 * What the report stands on: every scenario, curves and workers. A soak is longer than all of them, and kept by itself.
 */
const REPORTED = [
  ...['session', 'bearer', 'pat-git', 'impersonated', 'negotiate', 'bulk', 'bulk-up', 'mission-day'],
  ...['sign-in-storm', 'idle-websockets'],
]

const MAX_SOAK_MINUTES = 600
const MAX_IDENTITIES = 1_000_000
const MAX_ROUNDS = 1000

/** @throws TypeError where it cannot be understood. */
export function readArguments(args: readonly string[]): Wish {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ scenario: text, curves: flag, workers: flag, soak: flag, report: flag, render: flag },
      ...{ peers: flag, short: flag, json: flag, keep: flag, output: text, minutes: text },
      ...{ baseline: text, 'cpu-profile': text, identities: text, rounds: text },
    },
  })
  const { scenario: name, curves, workers, soak, report, render, peers, short, json, keep, baseline } = values
  const modes = [name !== undefined, curves, workers, soak, report, render].filter(Boolean).length
  if (modes !== 1) throw new TypeError('one of --scenario NAME, --curves, --workers, --soak, --report, --render')
  const profile = values['cpu-profile']
  const identities = countFrom('--identities', values.identities, MAX_IDENTITIES)
  const rounds = countFrom('--rounds', values.rounds, MAX_ROUNDS)
  const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const ofScenario = (scenario: Scenario, withPeers: boolean) =>
    scenarioJob({ scenario, baseline, nodeOptions, peerNames: peersOf(scenario, withPeers), identities, rounds })

  const jobs: Job[] = []
  if (name !== undefined) jobs.push(ofScenario(scenarioNamed(name), peers))
  if (report) jobs.push(...REPORTED.map(reported => ofScenario(scenarioNamed(reported), true)))
  if (curves || report) jobs.push(curvesJob)
  if (workers || report) jobs.push(workersJob)
  if (soak) jobs.push(soakJob(minutesFrom(values.minutes)))
  const folder = resolve(values.output ?? DOCUMENT_FOLDER)
  return {
    ...{ jobs, json, short },
    keepIn: keep || report ? resultFolder(folder) : undefined,
    renderIn: keep || report || render ? folder : undefined,
  }
}

function scenarioNamed(name: string): Scenario {
  const scenario = scenarioTable.get(name)
  if (scenario === undefined) throw new TypeError(`--scenario is one of: ${[...scenarioTable.keys()].join(' ')}`)
  return scenario
}

const peersOf = ({ peers, alwaysAgainst }: Scenario, withPeers: boolean) =>
  withPeers ? (peers ?? usualPeers) : (alwaysAgainst ?? [])

function minutesFrom(text = '30'): number {
  const minutes = Number(text)
  if (!(minutes > 0 && minutes <= MAX_SOAK_MINUTES)) throw new TypeError(`--minutes is at most ${MAX_SOAK_MINUTES}`)
  return minutes
}

function countFrom(name: string, text: string | undefined, most: number): number | undefined {
  const count = text === undefined ? undefined : Number(text)
  if (count !== undefined && !(Number.isInteger(count) && count > 0 && count <= most))
    throw new TypeError(`${name} is a whole number from 1 to ${most}`)
  return count
}
