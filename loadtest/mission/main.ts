/**
 * `npm run mission [-- --json] [--short] [--rate NUMBER] [--keep]`: the whole mission in one run (docs/performance/README.md).
 * `--keep` keeps it among the results, and makes the pages from them anew. With
 * `--json` the last line is
 * `{"requests","errors","addedP99Ms","cpuUsPerRequest","upstreamSockets","kdcRequests","bytes"}`. Exit code 1 where a
 * request failed, or the roll-out did not go through; never because of a clock.
 */
import { UsageError } from '../../devkit/demo/demo-error.ts'
import { optionValues } from '../../devkit/demo/option-values.ts'
import { endWith, stopOnSignals } from '../../devkit/demo/program.ts'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { readCommit, readMachine } from '../lab/machine.ts'
import { DOCUMENT_FOLDER, resultFolder, writeReport } from '../report/write-report.ts'
import { keepResult } from '../results/kept-result.ts'
import type { MissionResult } from './mission-result.ts'
import { runMission } from './run-mission.ts'

const tell = (line: string) => void process.stderr.write(`${line}\n`)

function readArguments(args: string[]) {
  const flag = { type: 'boolean', default: false } as const
  const { json, short, keep, rate } = optionValues(args, {
    json: flag,
    short: flag,
    keep: flag,
    rate: { type: 'string' },
  })
  if (rate !== undefined && !/^[1-9]\d{0,4}$/.test(rate)) throw new UsageError(`--rate takes a number, not ${rate}`)
  if (keep && short) throw new UsageError('a short run is not kept: its figures say little')
  return { json, short, keep, requestsPerSecond: rate === undefined ? undefined : Number(rate) }
}

async function run(): Promise<ExitCode> {
  const { json, short, keep, requestsPerSecond } = readArguments(process.argv.slice(2))
  const signal = stopOnSignals('mission', exitCode.interrupted)
  const [machine, startMs] = [await readMachine(), performance.now()]
  // Ctrl-C in a terminal also ends what stands around: what goes wrong after it is no failure.
  const result = await runMission({ requestsPerSecond }, { short, signal, tell }).catch(error => {
    if (!signal.aborted) throw error
  })
  if (signal.aborted || result === undefined) return exitCode.interrupted
  const { figures, rollOut } = result
  tell(textOf(result))
  const isFine = figures.errors === 0 && rollOut === 'rolled-out'
  if (keep && isFine) {
    const durationS = Math.round((performance.now() - startMs) / 1000)
    const about = { date: new Date().toISOString(), commit: readCommit(), durationS, short, machine }
    keepResult(resultFolder(DOCUMENT_FOLDER), { ...about, result })
    tell(`written: ${writeReport(DOCUMENT_FOLDER).join(', ')}`)
  }
  if (json) process.stdout.write(`${JSON.stringify(figures)}\n`)
  return isFine ? exitCode.done : exitCode.failed
}

function textOf({ figures, ...rest }: MissionResult): string {
  const { requestsPerSecond, steadyAddedP99Ms, latenessP99Ms, rollOut, rollOutS } = rest
  const { requests, errors, addedP99Ms, cpuUsPerRequest, upstreamSockets, kdcRequests, bytes } = figures
  return `
${requests} requests at ${requestsPerSecond}/s, ${errors} errors, ${(bytes / 1e9).toFixed(2)} GB of content
${cpuUsPerRequest} us of processor time of Torhaus per request, outside the roll-out
p99 over that of the origin server alone: ${addedP99Ms} ms, outside the roll-out ${steadyAddedP99Ms} ms (generator late by ${latenessP99Ms} ms)
${upstreamSockets} connections opened to the origin server, ${kdcRequests} requests to the KDC
roll-out in the middle: ${rollOut}${rollOutS === undefined ? ', ended after the load' : ` in ${rollOutS} s`}`
}

endWith('mission', run)
