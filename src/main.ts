/** `npm start -- --config FILE`: the supervisor; it starts this program again for each worker. */
import cluster from 'node:cluster'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import { printDiagnostics } from './cli/check-config.ts'
import { createLog } from './observability/log.ts'
import { openSharedLogOutput } from './observability/log-output.ts'
import { system } from './system.ts'

const EXIT_USAGE = 2
const EXIT_CONFIG = 78 // EX_CONFIG of sysexits(3)

// Either is loaded alone: the supervisor needs nothing of the proxy.
if (cluster.isWorker) (await import('./process/worker.ts')).runWorker()
else await supervise(configFile())

function configFile(): string {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' } } })
    if (values.config !== undefined) return values.config
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
  }
  process.stderr.write('usage: npm start -- --config FILE\n')
  process.exit(EXIT_USAGE)
}

async function supervise(fileName: string): Promise<void> {
  const { environment } = system
  const loaded = loadConfig(fileName, environment)
  if (!loaded.ok) {
    process.stderr.write(printDiagnostics(fileName, loaded.diagnostics))
    process.exit(EXIT_CONFIG)
  }
  const { config } = loaded
  const output = openSharedLogOutput()
  const log = createLog(config.logging, output, system.now)
  const { Supervisor } = await import('./process/supervisor.ts')
  const workerProgram = import.meta.filename
  const supervisor = new Supervisor({
    ...{ fileName, environment, config, log, output, workerProgram },
    monotonic: system.monotonic,
  })
  let signals = 0
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals++
      log.info({ 'event.action': signals === 1 ? 'drain' : 'kill', 'torhaus.signal': signal })
      // A person at a terminal has no balancer that must notice first. The second signal is a person in a hurry.
      const delayMs = signal === 'SIGINT' ? 0 : config.listener.drainDelayMs
      void (signals === 1 ? supervisor.drain(delayMs) : supervisor.kill()).then(() => end(0))
    })
  }
  process.on('SIGHUP', () => supervisor.reload('signal'))
  await supervisor.start().catch((error: Error) => {
    process.stderr.write(`Torhaus cannot start: ${error.message}\n`)
    end(1)
  })

  function end(code: number): void {
    output.end(() => process.exit(code))
  }
}
