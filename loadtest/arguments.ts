/** The command line. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
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

/** @throws TypeError where it cannot be understood. */
export function readArguments(args: readonly string[]): Wish {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ scenario: text, curves: flag, workers: flag, soak: flag, contents: flag, report: flag, render: flag },
      ...{ peers: flag, short: flag, json: flag, keep: flag, output: text, minutes: text },
      ...{ baseline: text, 'cpu-profile': text, identities: text, rounds: text, tls: text, store: text },
    },
  })
  const { scenario: name, curves, workers, soak, contents, report, render, peers, short, json, keep, baseline } = values
  const modes = [name !== undefined, curves, workers, soak, contents, report, render].filter(Boolean).length
  if (modes !== 1)
    throw new TypeError('one of --scenario NAME, --curves, --workers, --soak, --contents, --report, --render')
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

function sidesOf({ name, kind }: Scenario, text: string | undefined): TlsSides {
  const sides = text === undefined ? (kind === 'handshakes' ? 'client' : 'none') : TLS_SIDES.find(one => one === text)
  if (sides === undefined) throw new TypeError(`--tls is one of: ${TLS_SIDES.join(' ')}`)
  if (kind === 'handshakes' && sides === 'none') throw new TypeError(`--tls is client or both with ${name}`)
  return sides
}

/** Said before anything is started. */
function checkFits({ name, kind }: Scenario, identities: readonly number[], baseline: string | undefined): void {
  if ((kind === 'sign-ins' || kind === 'tunnels') && identities.some(count => count > 1))
    throw new TypeError(`--identities is for requests with credentials, and ${name} sends none of many`)
  if (kind === 'sign-ins' && baseline !== undefined)
    throw new TypeError(`--baseline is not for ${name}: the OP sends people back to one Torhaus alone`)
}

function storeFrom(text = 'sqlite'): StoreKind {
  const store = STORE_KINDS.find(one => one === text)
  if (store === undefined) throw new TypeError(`--store is one of: ${STORE_KINDS.join(' ')}`)
  return store
}

const peersOf = ({ peers, alwaysAgainst }: Scenario, withPeers: boolean) =>
  withPeers ? (peers ?? usualPeers) : (alwaysAgainst ?? [])

function minutesFrom(text = '30'): number {
  const minutes = Number(text)
  if (!(minutes > 0 && minutes <= MAX_SOAK_MINUTES)) throw new TypeError(`--minutes is at most ${MAX_SOAK_MINUTES}`)
  return minutes
}

/** The first for all contenders; each other one for a Torhaus of its own beside them. */
function countsFrom(name: string, text: string | undefined): number[] {
  const counts = text?.split(',').flatMap(one => countFrom(name, one, MAX_IDENTITIES) ?? []) ?? []
  if (new Set(counts).size < counts.length) throw new TypeError(`${name} names a number twice`)
  return counts
}

function countFrom(name: string, text: string | undefined, most: number): number | undefined {
  const count = text === undefined ? undefined : Number(text)
  if (count !== undefined && !(Number.isInteger(count) && count > 0 && count <= most))
    throw new TypeError(`${name} is a whole number from 1 to ${most}`)
  return count
}
