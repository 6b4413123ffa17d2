/**
 * `npm run demo`: a real OpenID Provider, a DevOps-like server, and Torhaus between them, on loopback, until Ctrl-C.
 * `--json` prints one JSON line on stdout when all is ready, and everything else on stderr. `--trace` prints, for each
 * request, what each stage knew, added and decided.
 *
 * Our own pages have a host of their own, `localhost` beside `127.0.0.1`, for people. Programs that read `--json` may
 * know one host only: they get it with `--own-host`.
 */
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { DemoError } from './demo-error.ts'
import { type Demo, startDemo } from './environment.ts'
import { followTraces } from './follow-traces.ts'
import { codeLine, guide } from './guide.ts'
import { loopbackHasTwoNames } from './loopback-names.ts'
import { portsFrom } from './ports.ts'
import { endWith, flagsFrom, stopOnSignals, untilStopped } from './program.ts'

type Mode = {
  readonly json: boolean
  readonly trace: boolean
  readonly ownHost: boolean
  readonly interactive: boolean
}

function modeFrom(args: readonly string[]): Mode {
  const [json = false, trace = false, ownHost = false] = flagsFrom('demo', args, ['--json', '--trace', '--own-host'])
  return { json, trace, ownHost, interactive: !json && process.stdin.isTTY }
}

async function wantsOwnHost({ json, ownHost }: Mode): Promise<boolean> {
  if (json && !ownHost) return false
  const isThere = await loopbackHasTwoNames()
  if (ownHost && !isThere) throw new DemoError('localhost does not lead to 127.0.0.1: leave out --own-host.')
  return isThere
}

function present(demo: Demo, mode: Mode): void {
  if (mode.json) {
    process.stdout.write(`${JSON.stringify(demo.facts)}\n`)
    return
  }
  process.stdout.write(guide(demo, Date.now(), mode.interactive))
  if (!mode.interactive) return
  process.stdin.on('data', () => process.stdout.write(`Code  ${codeLine(demo.facts.totpSecret, Date.now())}\n`))
}

async function run(): Promise<ExitCode> {
  const mode = modeFrom(process.argv.slice(2))
  const stop = stopOnSignals('demo')
  const progress = mode.json ? process.stderr : process.stdout
  const tell = (line: string) => void progress.write(`${line}\n`)
  let demo: Demo
  try {
    const ownHost = await wantsOwnHost(mode)
    demo = await startDemo(portsFrom(process.env), { trace: mode.trace, ownHost }, stop, tell)
  } catch (error) {
    if (stop.aborted) return exitCode.done
    throw error
  }
  present(demo, mode)
  const following = mode.trace ? followTraces(demo.logFile, tell) : undefined
  await untilStopped(demo, stop, tell).finally(() => following?.stop())
  return exitCode.done
}

endWith('demo', run)
