/**
 * `npm run demo`: a real OpenID Provider, a DevOps-like server, and Torhaus between them, on loopback, until Ctrl-C.
 * `--json` prints one JSON line on stdout when all is ready, and everything else on stderr.
 */
import { DemoError } from './demo-error.ts'
import { type Demo, startDemo } from './environment.ts'
import { codeLine, guide } from './guide.ts'
import { portsFrom } from './ports.ts'

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

type Mode = { readonly json: boolean; readonly interactive: boolean }

function modeFrom(args: readonly string[]): Mode {
  const unknown = args.find(arg => arg !== '--json')
  if (unknown !== undefined) throw new DemoError(`The demo does not know ${unknown}; it takes --json only.`)
  const json = args.includes('--json')
  return { json, interactive: !json && process.stdin.isTTY }
}

/** Aborted by the first signal to stop. A second one exits at once: exit handlers end what still runs. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController()
  for (const name of stopSignals) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(0)
      controller.abort()
    })
  }
  stopWhenOrphaned(() => controller.abort())
  return controller.signal
}

/**
 * npm passes a signal on to the shell it runs scripts in, and that shell dies of it without passing it further. Under
 * npm, therefore, losing the parent counts as the signal. Elsewhere a parent may well end before the demo.
 */
function stopWhenOrphaned(stop: () => void): void {
  if (process.env.npm_lifecycle_event !== 'demo') return
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) stop()
  }, 500).unref()
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

async function run(): Promise<number> {
  const mode = modeFrom(process.argv.slice(2))
  const stop = stopOnSignals()
  const progress = mode.json ? process.stderr : process.stdout
  const tell = (line: string) => void progress.write(`${line}\n`)
  let demo: Demo
  try {
    demo = await startDemo(portsFrom(process.env), stop, tell)
  } catch (error) {
    if (stop.aborted) return 0
    throw error
  }
  present(demo, mode)
  const stopped = new Promise<undefined>(resolve => {
    if (stop.aborted) resolve(undefined)
    stop.addEventListener('abort', () => resolve(undefined))
  })
  const broken = await Promise.race([stopped, demo.broken])
  if (broken === undefined) tell('Stopping ...')
  await demo.stop()
  if (broken !== undefined) throw new DemoError(broken)
  return 0
}

run().then(
  status => process.exit(status),
  error => {
    const fault = error instanceof Error ? error : new Error(String(error))
    process.stderr.write(fault instanceof DemoError ? `${fault.message}\n` : `The demo failed: ${fault.message}\n`)
    process.exit(1)
  },
)
