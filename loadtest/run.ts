/**
 * What docs/performance/README.md describes:
 *
 *   npm run loadtest -- --scenario NAME [--peers] [--baseline TREE] [--identities N] [--rounds N] [--cpu-profile FOLDER]
 *   npm run loadtest -- --curves | --workers | --soak [--minutes N] | --contents | --report | --render
 *
 * each with [--short] [--json] [--keep] [--output FOLDER].
 *
 * Starts everything, measures, and leaves nothing behind. Ends with 1 when something was counted that must not be:
 * errors, or more connections to the origin server, or requests to the KDC, than allowed. Never because of a clock.
 */
import { endWith, stopOnSignals } from '../devkit/demo/program.ts'
import { type ExitCode, exitCode } from '../src/exit-codes.ts'
import { readArguments, type Wish } from './arguments.ts'
import type { Job } from './job.ts'
import { pinSelf } from './lab/cores.ts'
import { machineText, readCommit, readMachine } from './lab/machine.ts'
import { prepareOutput } from './report/prepare-output.ts'
import { writeReport } from './report/write-report.ts'
import { type KeptResult, keepResult } from './results/kept-result.ts'
import { resultMarkdown } from './results/result-markdown.ts'
import { jsonLine } from './results/scenario-result.ts'

const tell = (line: string) => process.stderr.write(`${line}\n`)

/** Returns whether all that was counted is as it must be. */
async function runJob(job: Job, { json, short, keepIn }: Wish, signal: AbortSignal): Promise<boolean> {
  const machine = await readMachine()
  tell(`\n${job.title}\n${machineText(machine)}`)
  const startMs = performance.now()
  const { result, failures } = await job.run({ short, signal, tell })
  const durationS = Math.round((performance.now() - startMs) / 1000)
  const kept: KeptResult = { date: new Date().toISOString(), commit: readCommit(), durationS, short, machine, result }
  const text = `${resultMarkdown(result)}\n\n${machineText(machine)}\n`
  if (!json) process.stdout.write(`\n${text}`)
  else {
    process.stderr.write(`\n${text}`)
    process.stdout.write(`${JSON.stringify(kept)}\n`)
    if (result.kind === 'scenario') process.stdout.write(`${jsonLine(result)}\n`)
  }
  if (keepIn !== undefined) keepResult(keepIn, kept)
  for (const failure of failures) tell(`failed: ${failure}`)
  return failures.length === 0
}

/** One job that cannot be run does not keep the others from it, unless it is the only one. */
async function runJobs(wish: Wish, signal: AbortSignal): Promise<boolean> {
  let isFine = true
  for (const job of wish.jobs) {
    try {
      isFine = (await runJob(job, wish, signal)) && isFine
    } catch (error) {
      if (signal.aborted || wish.jobs.length === 1) throw error
      tell(`failed: ${error instanceof Error ? error.message : String(error)}`)
      isFine = false
    }
  }
  if (wish.renderIn !== undefined) for (const file of writeReport(wish.renderIn)) tell(`written: ${file}`)
  return isFine
}

async function run(): Promise<ExitCode> {
  const wish = readArguments(process.argv.slice(2))
  prepareOutput(wish)
  const interruption = stopOnSignals('loadtest', exitCode.interrupted)
  if (wish.jobs.length > 0) pinSelf()
  try {
    return (await runJobs(wish, interruption)) ? exitCode.done : exitCode.failed
  } catch (error) {
    if (!interruption.aborted) throw error
    tell('interrupted')
    return exitCode.interrupted
  }
}

endWith('load test', run)
