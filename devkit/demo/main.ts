/**
 * `npm run demo`: a real OpenID Provider, a DevOps-like server, and Torhaus between them, on loopback, until Ctrl-C.
 * `--json` prints one JSON line on stdout when all is ready, and everything else on stderr.
 */
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { type Demo, startDemo } from './environment.ts'
import { codeLine, guide } from './guide.ts'
import { portsFrom } from './ports.ts'
import { endWith, stopOnSignals, untilStopped, wantsJson } from './program.ts'

type Mode = { readonly json: boolean; readonly interactive: boolean }

function modeFrom(args: readonly string[]): Mode {
  const json = wantsJson('demo', args)
  return { json, interactive: !json && process.stdin.isTTY }
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
    demo = await startDemo(portsFrom(process.env), stop, tell)
  } catch (error) {
    if (stop.aborted) return exitCode.done
    throw error
  }
  present(demo, mode)
  await untilStopped(demo, stop, tell)
  return exitCode.done
}

endWith('demo', run)
