/**
 * `--workers`: one worker on one core beside two workers on two.
 *
 *   one worker:   core 0: generator, origin server     core 1: worker
 *   two workers:  core 0: generator, origin server, a worker now and then     core 1: a worker
 *
 * On a machine with two cores the generator and the origin server take a part of what the second worker needs, so that
 * even perfect workers come to less than twice the throughput. Both figures are given: throughput as measured; and
 * throughput per core's worth of time that Torhaus used or left unused, which others could not take, times two. Time
 * lost to locks or to waiting for each other shows in the second one as idle time or as processor time per request. It
 * means nothing where other programs fill what two workers leave unused: what those took is given too.
 */

import { contendersOf } from '../contenders.ts'
import { smallRequest } from '../credential-fields.ts'
import { saturate } from '../generators/saturate.ts'
import { TWO_CORES_GOAL } from '../goals.ts'
import { coreUsage } from '../lab/core-usage.ts'
import { type Laboratory, openLaboratory } from '../lab/laboratory.ts'
import { usageOf } from '../lab/process-usage.ts'
import { torhaus, torhausBeside } from '../lab/torhaus.ts'
import type { LoadRequest } from '../load.ts'
import { account } from '../measure/account.ts'
import { spread, type Turn } from '../measure/figures.ts'
import { rounded, roundedSpread } from '../results/rounded.ts'
import { TOO_BUSY } from '../results/scenario-result.ts'
import type { Run } from '../run-context.ts'
import type { Subject } from '../subject.ts'
import type { WorkersResult, WorkersRow } from './workers-result.ts'

const CONNECTIONS = 128
const ALL_CORES = [0, 1]
/** Above it the second figure says little. */
const MAX_OTHERS_PERCENT = 5
const FULL = { warmUpS: 4, turnS: 4, rounds: 5 }
const SHORT = { warmUpS: 1, turnS: 1, rounds: 1 }

interface Side {
  readonly workers: number
  readonly subject: Subject
  /** Where its workers may run. */
  readonly cores: readonly number[]
  readonly turns: WorkersTurn[]
  warmUpErrors: number
}

interface WorkersTurn extends Turn {
  readonly availableCores: number
  /** Of the time of all cores, what neither Torhaus nor the load took: other programs, and interrupts. */
  readonly othersPercent: number
}

export async function runWorkers(run: Run): Promise<WorkersResult> {
  const { warmUpS, turnS, rounds } = run.short ? SHORT : FULL
  await using laboratory = await openLaboratory({})
  const one = newSide(1, await laboratory.start(torhaus('one-worker')), [1])
  const two = newSide(2, await laboratory.start(torhausBeside('two-workers', 'two-workers', 'both')), [0, 1])
  const [contender] = await contendersOf([one.subject, two.subject], laboratory)
  const credentials = contender?.credentials[0]
  if (credentials === undefined) throw new Error('a load needs a user')
  const request = smallRequest(credentials, 'session')
  for (let round = 0; round <= rounds; round++) {
    for (const side of [one, two]) {
      run.signal.throwIfAborted()
      const turn = await turnOf(side, request, round === 0 ? warmUpS : turnS, laboratory, run.signal)
      if (round === 0) side.warmUpErrors = turn.errors
      else side.turns.push(turn)
      side.subject.server?.forgetOutput()
      run.tell(
        `${round}/${rounds}: ${side.workers} workers ${Math.round(turn.requests / turn.durationS)}/s, ` +
          `${((turn.cpuUs ?? 0) / turn.requests).toFixed(1)} us CPU per request, ${turn.availableCores.toFixed(2)} cores`,
      )
    }
  }
  return {
    kind: 'workers',
    description: `One browser session, 1 KB responses, ${CONNECTIONS} connections. One worker alone on core 1; two workers on cores 0 and 1, with the generator and the origin server on core 0 in both cases.`,
    rows: [rowOf(one), rowOf(two)],
    comparisons: comparisonsOf(one, two),
  }
}

const newSide = (workers: number, subject: Subject, cores: readonly number[]): Side => ({
  ...{ workers, subject, cores },
  turns: [],
  warmUpErrors: 0,
})

async function turnOf(
  { subject, cores }: Side,
  request: LoadRequest,
  durationS: number,
  laboratory: Laboratory,
  signal: AbortSignal,
): Promise<WorkersTurn> {
  const { port, server } = subject
  const { directory } = laboratory
  let [availableCores, othersPercent] = [Number.NaN, Number.NaN]
  const turn = await account(laboratory, subject, async () => {
    const own = () => (server === undefined ? 0 : usageOf(server.pid).cpuUs)
    // This process is the parent of all that belongs to the load test, the generator of this turn included once it has
    // ended.
    const ours = () => usageOf(process.pid).cpuUs
    const [before, ownBefore, machineBefore, oursBefore] = [coreUsage(cores), own(), coreUsage(ALL_CORES), ours()]
    const load = await saturate({ port, connections: CONNECTIONS, durationS, requests: [request], directory, signal })
    const [after, ownAfter, machineAfter, oursAfter] = [coreUsage(cores), own(), coreUsage(ALL_CORES), ours()]
    const elapsedUs = (after.busyUs + after.idleUs - before.busyUs - before.idleUs) / cores.length
    const othersUs = machineAfter.busyUs - machineBefore.busyUs - (oursAfter - oursBefore)
    othersPercent = (100 * othersUs) / elapsedUs / ALL_CORES.length
    availableCores = (ownAfter - ownBefore + after.idleUs - before.idleUs) / elapsedUs
    return load
  })
  return { ...turn, availableCores, othersPercent }
}

const rpsOf = ({ requests, durationS }: Turn) => requests / durationS
const costOf = ({ cpuUs, requests }: Turn) => (cpuUs ?? Number.NaN) / requests

function rowOf({ workers, cores, turns, warmUpErrors }: Side): WorkersRow {
  const over = (figure: (turn: WorkersTurn) => number) => roundedSpread(spread(turns.map(figure)))
  return {
    workers,
    cores: cores.length,
    rps: over(rpsOf),
    cpuUsPerRequest: over(costOf),
    availableCores: over(({ availableCores }) => availableCores),
    residentMb: rounded(Math.max(...turns.map(({ residentBytes }) => residentBytes)) / 1e6),
    errors: turns.reduce((sum, { errors }) => sum + errors, warmUpErrors),
  }
}

/** Per round, then the median. */
function comparisonsOf(one: Side, two: Side): WorkersResult['comparisons'] {
  const ratio = (figure: (turn: WorkersTurn) => number) =>
    roundedSpread(spread(two.turns.map((turn, round) => figure(turn) / figure(one.turns[round] ?? turn))))
  const others = [...one.turns, ...two.turns].map(({ othersPercent }) => othersPercent)
  const perCore = ratio(turn => rpsOf(turn) / turn.availableCores)
  return [
    { what: 'throughput of two workers beside one, as measured', measured: ratio(rpsOf), digits: 2 },
    {
      what: 'the same for equal shares of two cores: throughput per available core, times two',
      measured: { median: 2 * perCore.median, least: 2 * perCore.least, most: 2 * perCore.most },
      digits: 2,
      atLeast: TWO_CORES_GOAL,
      ...(spread(others).median > MAX_OTHERS_PERCENT && { doubt: TOO_BUSY }),
    },
    { what: 'CPU per request of two workers beside one', measured: ratio(costOf), digits: 2 },
    {
      what: 'what other programs took of the two cores meanwhile, percent',
      measured: roundedSpread(spread(others)),
      digits: 1,
    },
  ]
}

export const workersFailures = ({ rows }: WorkersResult): string[] =>
  rows.flatMap(({ workers, errors }) => (errors > 0 ? `${workers} workers: ${errors} errors` : []))
