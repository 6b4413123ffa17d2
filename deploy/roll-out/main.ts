/**
 * `node deploy/roll-out/main.ts --plan FILE --version VERSION [--allow-older] [--json] [--check]`: rolls a version out,
 * instance by instance (deploy/README.md). Progress goes to standard error. With `--json` the last line of standard output is
 * `{"result","reason","version","seconds"}`. Exit code 0: rolled out; 1: not, everything runs the version before,
 * unless `result` is `stuck`; 2: wrong arguments; 78: the plan has problems. A signal rolls back; a second one leaves.
 */
import { parseArgs } from 'node:util'
import { exitCode } from '../../src/exit-codes.ts'
import { type ReadPlan, readPlan } from './plan.ts'
import { realSurroundings } from './real-surroundings.ts'
import { type RollOutReport, rollOut } from './roll-out.ts'
import { type VerifiedRelease, verifyRelease } from './verify-release.ts'

const USAGE = 'usage: node deploy/roll-out/main.ts --plan FILE --version VERSION [--allow-older] [--json] [--check]'
const tell = (line: string) => process.stderr.write(`${line}\n`)

interface Wish {
  readonly planFile: string
  readonly version: string
  /** Than what runs. */
  readonly mayBeOlder: boolean
  readonly isJson: boolean
  /** Only reads the plan. */
  readonly isCheck: boolean
}

function readArguments(args: string[]): Wish | undefined {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  const options = { plan: text, version: text, 'allow-older': flag, json: flag, check: flag } as const
  try {
    const { values } = parseArgs({ args, options })
    if (values.plan === undefined) throw new Error('which plan?')
    // It becomes part of commands and file names.
    const { version = '' } = values
    if (!values.check && !/^[0-9A-Za-z][0-9A-Za-z.+~-]*$/.test(version)) throw new Error('which version?')
    const { plan, 'allow-older': mayBeOlder, json, check } = values
    return { planFile: plan, version, mayBeOlder, isJson: json, isCheck: check }
  } catch (error) {
    tell(`${(error as Error).message}\n${USAGE}`)
    return undefined
  }
}

function read(file: string): ReadPlan | undefined {
  try {
    return readPlan(file)
  } catch (error) {
    tell((error as Error).message)
    return undefined
  }
}

async function rollOutVerified(plan: ReadPlan, wish: Wish, signal: AbortSignal): Promise<RollOutReport> {
  let release: VerifiedRelease
  try {
    release = await verifyRelease(plan.release, wish.version)
  } catch (error) {
    return { result: 'refused', reason: (error as Error).message }
  }
  tell(`Torhaus ${release.version} is signed, SHA-256 ${release.sha256}`)
  return rollOut(plan, { release, mayBeOlder: wish.mayBeOlder }, realSurroundings(plan, tell), signal)
}

async function run(): Promise<number> {
  const wish = readArguments(process.argv.slice(2))
  if (wish === undefined) return exitCode.usage
  const plan = read(wish.planFile)
  if (plan === undefined) return exitCode.config
  if (wish.isCheck) return exitCode.done
  const interruption = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (interruption.signal.aborted) process.exit(exitCode.interrupted)
      tell('interrupted: the step under way ends, then everything goes back')
      interruption.abort()
    })
  const startMs = performance.now()
  const { result, reason } = await rollOutVerified(plan, wish, interruption.signal)
  const seconds = Math.round((performance.now() - startMs) / 100) / 10
  tell(`${result} after ${seconds} s${reason === undefined ? '' : `: ${reason}`}`)
  if (wish.isJson) process.stdout.write(`${JSON.stringify({ result, reason, version: wish.version, seconds })}\n`)
  return result === 'rolled-out' ? exitCode.done : exitCode.failed
}

process.exitCode = await run()
