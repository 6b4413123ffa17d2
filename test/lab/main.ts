/**
 * `npm run lab`: Samba as an Active Directory KDC, Apache with Kerberos, an OpenID Provider with TOTP, and Torhaus before
 * them as proxy.corp.test, on loopback, until SIGTERM or Ctrl-C. Installs the Debian packages it lacks (as root).
 * `--json` prints one JSON line on stdout when all is ready; progress goes to stderr in any case.
 */
import { DemoError } from '../demo/demo-error.ts'
import { portsFrom } from '../demo/ports.ts'
import { startLab } from './program/environment.ts'
import { guide } from './program/guide.ts'

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const PARENT_POLL_MS = 500

function wantsJson(args: readonly string[]): boolean {
  const unknown = args.find(arg => arg !== '--json')
  if (unknown !== undefined) throw new DemoError(`The lab does not know ${unknown}; it takes --json only.`)
  return args.includes('--json')
}

/** Aborted by the first signal to stop. A second one exits at once: exit handlers and the parts themselves clean up. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController()
  for (const name of stopSignals) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(0)
      controller.abort()
    })
  }
  // npm's shell dies of a signal without passing it on: under npm, losing the parent counts as the signal.
  const parent = process.ppid
  if (process.env.npm_lifecycle_event === 'lab') {
    setInterval(() => {
      if (process.ppid !== parent) controller.abort()
    }, PARENT_POLL_MS).unref()
  }
  return controller.signal
}

async function run(): Promise<number> {
  const json = wantsJson(process.argv.slice(2))
  const stop = stopOnSignals()
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  const lab = await startLab(portsFrom(process.env), stop, tell).catch(error => {
    if (stop.aborted) return undefined
    throw error
  })
  if (lab === undefined) return 0
  process.stdout.write(json ? `${JSON.stringify(lab.facts)}\n` : guide(lab, Date.now()))
  const stopped = new Promise<undefined>(resolve => {
    if (stop.aborted) resolve(undefined)
    stop.addEventListener('abort', () => resolve(undefined))
  })
  const broken = await Promise.race([stopped, lab.broken])
  if (broken === undefined) tell('Stopping ...')
  await lab.stop()
  if (broken !== undefined) throw new DemoError(broken)
  return 0
}

run().then(
  status => process.exit(status),
  error => {
    const fault = error instanceof Error ? error : new Error(String(error))
    process.stderr.write(fault instanceof DemoError ? `${fault.message}\n` : `The lab failed: ${fault.message}\n`)
    process.exit(1)
  },
)
