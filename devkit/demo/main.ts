/**
 * `npm run demo`: a real OpenID Provider, a DevOps-like server, and Torhaus between them, on loopback, until Ctrl-C.
 * `--json` prints one JSON line on stdout when all is ready, and everything else on stderr. `--trace` prints, for each
 * request, what each stage knew, added and decided.
 */
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { type Demo, startDemo } from './environment.ts'
import { followTraces } from './follow-traces.ts'
import { codeLine, guide } from './guide.ts'
import { portsFrom } from './ports.ts'
import { endWith, flagsFrom, stopOnSignals, untilStopped } from './program.ts'

type Mode = { readonly json: boolean; readonly trace: boolean; readonly interactive: boolean }

function modeFrom(args: readonly string[]): Mode {
  const [json = false, trace = false] = flagsFrom('demo', args, ['--json', '--trace'])
  return { json, trace, interactive: !json && process.stdin.isTTY }
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
    demo = await startDemo(portsFrom(process.env), mode.trace, stop, tell)
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
