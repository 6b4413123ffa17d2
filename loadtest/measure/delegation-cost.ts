/**
 * What constrained delegation adds to session traffic, beside one bare GSSAPI initiation measured in the same rounds.
 */

import { resolve } from 'node:path'
import { delegationGoals } from '../goals.ts'
import type { Realm } from '../lab/realm.ts'
import { runProgram } from '../lab/run-program.ts'
import { roundedSpread } from '../results/rounded.ts'
import type { Comparison } from '../results/scenario-result.ts'
import { type Figures, spread } from './figures.ts'

const PROCESS = resolve(import.meta.dirname, '../bench/bare-initiation.ts')
const TIMEOUT_MS = 60_000

/** Microseconds of processor time of one initiation, on the core where the proxy runs in its turns. */
export async function measureInitiation({ kdc }: Realm, signal: AbortSignal): Promise<number> {
  const command = [process.execPath, PROCESS, kdc.krb5Config, kdc.keytabs.proxy]
  const line = await runProgram(command, { timeoutMs: TIMEOUT_MS, signal, place: 'proxy' })
  return (JSON.parse(line) as { cpuUs: number }).cpuUs
}

/**
 * Per round, then the median. `figures` by the names of the scenario `impersonated`; nothing where parts are missing.
 */
export function delegationCost(figures: ReadonlyMap<string, Figures>, initiations: readonly number[]): Comparison[] {
  const [each, connection, session] = ['torhaus', 'torhaus-connection', 'torhaus-session'].map(name =>
    figures.get(name),
  )
  if (each === undefined || connection === undefined || session === undefined || initiations.length === 0) return []
  const at = (values: readonly number[], round: number) => values[round] ?? Number.NaN
  const added = initiations.map((initiation, round) => (at(each.costs, round) - at(session.costs, round)) / initiation)
  const overSession = ({ costs }: Figures) => session.costs.map((ofSession, round) => at(costs, round) / ofSession)
  const measured = (values: readonly number[]) => roundedSpread(spread(values))
  return [
    {
      what: 'one bare GSSAPI initiation from a cached ticket, CPU us',
      measured: measured(initiations),
      digits: 1,
    },
    {
      what: 'a token in each request: what it adds, in bare initiations',
      measured: measured(added),
      digits: 2,
      atMost: delegationGoals.addedOverInitiation,
    },
    {
      what: 'a token in each request: cost in session requests',
      measured: measured(overSession(each)),
      digits: 2,
      atMost: delegationGoals.eachOverSession,
    },
    {
      what: 'a token on each connection: cost in session requests',
      measured: measured(overSession(connection)),
      digits: 2,
      atMost: delegationGoals.connectionOverSession,
    },
  ]
}
