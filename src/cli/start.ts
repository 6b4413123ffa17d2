/** The supervisor, from the configuration to the signal that ends it. */
import { writeSync } from 'node:fs'
import type { Config } from '../../config/schema.ts'
import { type ExitCode, exitCode } from '../exit-codes.ts'
import { createLog } from '../observability/log.ts'
import { SharedLogOutput } from '../observability/shared-log-output.ts'
import { logFileWarnings } from '../process/log-file-warnings.ts'
import { Supervisor } from '../process/supervisor.ts'
import { system } from '../system.ts'
import { workerProgram } from '../worker-program.ts'
import { type Command, CommandError, configOption } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'

const STANDARD_ERROR = 2

export const command: Command = {
  usage: '--config FILE',
  options: configOption,
  run: given => supervise(configFileOf(given)),
}

async function supervise(fileName: string): Promise<ExitCode> {
  const { environment } = system
  const config = readConfig(fileName, environment)
  const output = new SharedLogOutput(sayUnwritten)
  const log = createLog(config.logging, output, system.now)
  logFileWarnings(log, config, system.now())
  const supervisor = new Supervisor({
    ...{ fileName, config, log, output, workerProgram },
    surroundings: system,
  })
  let isStopping = false
  const stopped = stoppedBySignal(supervisor, config, (signal, action) => {
    isStopping = true
    log.info({ 'event.action': action, 'torhaus.signal': signal })
  })
  process.on('SIGHUP', () => supervisor.reload('signal'))
  try {
    // Workers that a signal ends before all of them listen are no failure.
    await supervisor.start().catch((error: Error) => {
      if (!isStopping) throw new CommandError(`Torhaus cannot start: ${error.message}`, exitCode.failed)
    })
    await stopped
    return exitCode.done
  } finally {
    await new Promise<void>(written => output.end(written))
  }
}

/** Where else: the log is what cannot be written. Standard error may be gone with it. */
function sayUnwritten({ message }: Error): void {
  try {
    writeSync(STANDARD_ERROR, `Torhaus cannot write its log, and goes on without: ${message}\n`)
  } catch {
    // torhaus_log_writes_failed_total says it.
  }
}

type OnSignal = (signal: NodeJS.Signals, action: 'drain' | 'kill') => void

/** Drains at the first signal, and ends at once at the second: that is a person in a hurry. */
function stoppedBySignal(supervisor: Supervisor, { listener }: Config, onSignal: OnSignal): Promise<void> {
  const { promise, resolve: end } = Promise.withResolvers<void>()
  let signals = 0
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals++
      onSignal(signal, signals === 1 ? 'drain' : 'kill')
      // A person at a terminal has no balancer that must notice first.
      const delayMs = signal === 'SIGINT' ? 0 : listener.drainDelayMs
      void (signals === 1 ? supervisor.drain(delayMs) : supervisor.kill()).then(end)
    })
  }
  return promise
}
