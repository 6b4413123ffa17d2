/** What constrained delegation adds to session traffic, beside one bare GSSAPI initiation measured in the same rounds. */

import { resolve } from 'node:path'
import { type Figures, type Spread, spread, spreadText } from './figures.ts'
import type { Realm } from './lab/realm.ts'
import { runProgram } from './lab/run-program.ts'

export interface DelegationCost {
  readonly initiationCpuUs: Spread
  /** (a token in each request - session) / initiation. */
  readonly addedOverInitiation: Spread
  /** (a token on each connection) / session. */
  readonly connectionOverSession: Spread
}

const PROCESS = resolve(import.meta.dirname, 'bench/bare-initiation.ts')
const TIMEOUT_MS = 60_000
const GOALS = { addedOverInitiation: 1.3, connectionOverSession: 1.2 }

/** Microseconds of processor time of one initiation, on the core where the proxy runs in its turns. */
export async function measureInitiation({ kdc }: Realm, signal: AbortSignal): Promise<number> {
  const command = [process.execPath, PROCESS, kdc.krb5Config, kdc.keytabs.proxy]
  const line = await runProgram(command, { timeoutMs: TIMEOUT_MS, signal, place: 'proxy' })
  return (JSON.parse(line) as { cpuUs: number }).cpuUs
}

/** Per round, then the median. `figures` by the names of the scenario `impersonated`. */
export function delegationCost(
  figures: ReadonlyMap<string, Figures>,
  initiations: readonly number[],
): DelegationCost | undefined {
  const [each, connection, session] = ['torhaus', 'torhaus-connection', 'torhaus-session'].map(name =>
    figures.get(name),
  )
  if (each === undefined || connection === undefined || session === undefined || initiations.length === 0)
    return undefined
  const at = (values: readonly number[], round: number) => values[round] ?? Number.NaN
  return {
    initiationCpuUs: spread(initiations),
    addedOverInitiation: spread(
      initiations.map((initiation, round) => (at(each.costs, round) - at(session.costs, round)) / initiation),
    ),
    connectionOverSession: spread(session.costs.map((ofSession, round) => at(connection.costs, round) / ofSession)),
  }
}

export function delegationTable(cost: DelegationCost): string {
  const { initiationCpuUs, addedOverInitiation, connectionOverSession } = cost
  return `| Kerberos out, beside session traffic of the same run | measured | goal |
|---|---:|---:|
| one bare GSSAPI initiation from a cached ticket, CPU us | ${spreadText(initiationCpuUs, 1)} | |
| a token in each request: what it adds, in bare initiations | ${spreadText(addedOverInitiation, 2)} | <= ${GOALS.addedOverInitiation} |
| a token on each connection: cost in session requests | ${spreadText(connectionOverSession, 2)} | <= ${GOALS.connectionOverSession} |
`
}
