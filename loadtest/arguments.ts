/** The command line. */
import { resolve } from 'node:path'
import { UsageError } from '../devkit/demo/demo-error.ts'
import { optionValues } from '../devkit/demo/option-values.ts'
import { contentsJob, curvesJob, type Job, scenarioJob, soakJob, workersJob } from './job.ts'
import { STORE_KINDS, type StoreKind } from './lab/store.ts'
import { TLS_SIDES, type TlsSides } from './lab/tls.ts'
import { usualPeers } from './peer-table.ts'
import { DOCUMENT_FOLDER, resultFolder } from './report/write-report.ts'
import { reported } from './reported.ts'
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

const MAX_SOAK_MINUTES = 600
const MAX_IDENTITIES = 1_000_000
const MAX_ROUNDS = 1000

const FLAG = { type: 'boolean', default: false } as const
const TEXT = { type: 'string' } as const

/** What each mode takes beside `--short`, `--json`, `--keep` and `--output`. */
const OF_MODES = {
  scenario: ['peers', 'baseline', 'identities', 'rounds', 'cpu-profile', 'tls', 'store'],
  curves: [],
  workers: [],
  soak: ['minutes'],
  contents: [],
  report: ['baseline', 'rounds', 'cpu-profile'],
  render: [],
} as const
const ALWAYS = ['short', 'json', 'keep', 'output']

/** @throws UsageError where it cannot be understood. */
export function readArguments(args: readonly string[]): Wish {
  const values = optionValues([...args], {
    ...{ scenario: TEXT, curves: FLAG, workers: FLAG, soak: FLAG, contents: FLAG, report: FLAG, render: FLAG },
    ...{ peers: FLAG, short: FLAG, json: FLAG, keep: FLAG, output: TEXT, minutes: TEXT },
    ...{ baseline: TEXT, 'cpu-profile': TEXT, identities: TEXT, rounds: TEXT, tls: TEXT, store: TEXT },
  })
  const { scenario: name, curves, workers, soak, contents, report, peers, short, json, baseline } = values
  const given = Object.entries(values).flatMap(([option, value]) =>
    value === undefined || value === false ? [] : option,
  )
  const [mode, ...more] = given.filter(option => Object.hasOwn(OF_MODES, option)) as (keyof typeof OF_MODES)[]
  if (mode === undefined || more.length > 0)
    throw new UsageError('one of --scenario NAME, --curves, --workers, --soak, --contents, --report, --render')
  const taken: readonly string[] = [mode, ...ALWAYS, ...OF_MODES[mode]]
  const idle = given.find(option => !taken.includes(option))
  if (idle !== undefined) throw new UsageError(`--${idle} says nothing with --${mode}`)
  const profile = values['cpu-profile']
  const identities = countsFrom('--identities', values.identities)
  const rounds = countFrom('--rounds', values.rounds, MAX_ROUNDS)
  const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const asked = { baseline, nodeOptions, rounds }

  const jobs: Job[] = []
  if (name !== undefined) {
    const scenario = scenarioNamed(name)
    checkFits(scenario, identities, baseline)
    const tls = sidesOf(scenario, values.tls)
    const store = storeFrom(values.store)
    jobs.push(scenarioJob({ ...asked, scenario, store, tls, identities, peerNames: peersOf(scenario, peers) }))
  }
  for (const { scenario: of, isWithPeers, identities: counts, store, tls } of report ? reported : []) {
    const scenario = scenarioNamed(of)
    const peerNames = peersOf(scenario, isWithPeers)
    jobs.push(scenarioJob({ ...asked, scenario, store, tls, identities: counts, peerNames }))
  }
  if (curves || report) jobs.push(curvesJob)
  if (workers || report) jobs.push(workersJob)
  if (contents) jobs.push(contentsJob)
  if (soak) jobs.push(soakJob(minutesFrom(values.minutes)))
  return { jobs, json, short, ...outputOf(values) }
}

function outputOf(values: { keep: boolean; report: boolean; render: boolean; output?: string | undefined }) {
  const { keep, report, render, output } = values
  if (output !== undefined && !(keep || report || render))
    throw new UsageError('--output says nothing without --keep, --report or --render')
  const folder = resolve(output ?? DOCUMENT_FOLDER)
  return {
    keepIn: keep || report ? resultFolder(folder) : undefined,
    renderIn: keep || report || render ? folder : undefined,
  }
}

function scenarioNamed(name: string): Scenario {
  const scenario = scenarioTable.get(name)
  if (scenario === undefined) throw new UsageError(`--scenario is one of: ${[...scenarioTable.keys()].join(' ')}`)
  return scenario
}

function sidesOf({ name, kind }: Scenario, text: string | undefined): TlsSides {
  const sides = text === undefined ? (kind === 'handshakes' ? 'client' : 'none') : TLS_SIDES.find(one => one === text)
  if (sides === undefined) throw new UsageError(`--tls is one of: ${TLS_SIDES.join(' ')}`)
  if (kind === 'handshakes' && sides === 'none') throw new UsageError(`--tls is client or both with ${name}`)
  return sides
}

/** Said before anything is started. */
function checkFits({ name, kind }: Scenario, identities: readonly number[], baseline: string | undefined): void {
  if ((kind === 'sign-ins' || kind === 'tunnels') && identities.some(count => count > 1))
    throw new UsageError(`--identities is for requests with credentials, and ${name} sends none of many`)
  if (kind === 'sign-ins' && baseline !== undefined)
    throw new UsageError(`--baseline is not for ${name}: the OP sends people back to one Torhaus alone`)
}

function storeFrom(text = 'sqlite'): StoreKind {
  const store = STORE_KINDS.find(one => one === text)
  if (store === undefined) throw new UsageError(`--store is one of: ${STORE_KINDS.join(' ')}`)
  return store
}

const peersOf = ({ peers, alwaysAgainst }: Scenario, withPeers: boolean) =>
  withPeers ? (peers ?? usualPeers) : (alwaysAgainst ?? [])

function minutesFrom(text = '30'): number {
  const minutes = Number(text)
  if (!(minutes > 0 && minutes <= MAX_SOAK_MINUTES))
    throw new UsageError(`--minutes is a number above 0, at most ${MAX_SOAK_MINUTES}`)
  return minutes
}

/** The first for all contenders; each other one for a Torhaus of its own beside them. */
function countsFrom(name: string, text: string | undefined): number[] {
  const counts = text?.split(',').flatMap(one => countFrom(name, one, MAX_IDENTITIES) ?? []) ?? []
  if (new Set(counts).size < counts.length) throw new UsageError(`${name} names a number twice`)
  return counts
}

function countFrom(name: string, text: string | undefined, most: number): number | undefined {
  const count = text === undefined ? undefined : Number(text)
  if (count !== undefined && !(Number.isInteger(count) && count > 0 && count <= most))
    throw new UsageError(`${name} is a whole number from 1 to ${most}`)
  return count
}
