/** The supervisor, from the configuration to the signal, or the file, that ends it. */
import { writeSync } from 'node:fs'
import { type ExitCode, exitCode } from '../exit-codes.ts'
import { createLog } from '../observability/log.ts'
import { SharedLogOutput } from '../observability/shared-log-output.ts'
import { endInTime } from '../process/end-in-time.ts'
import { shortage } from '../process/failure-in-words.ts'
import { logFileWarnings } from '../process/log-file-warnings.ts'
import { isStopAsked, requestFilesOf, watchRequestFiles } from '../process/request-files.ts'
import { Supervisor } from '../process/supervisor.ts'
import { system } from '../system.ts'
import { workerProgram } from '../worker-program.ts'
import { type Command, CommandError, configOption } from './command.ts'
import { checkEnvironmentFolders } from './environment-folders.ts'
import { configFileOf, readConfig } from './read-config.ts'
import { Stop, type StopWish, wishesOn } from './stop-signals.ts'

const STANDARD_ERROR = 2

export const command: Command = {
  usage: '--config FILE',
  options: configOption,
  run: given => supervise(configFileOf(given)),
}

async function supervise(fileName: string): Promise<ExitCode> {
  const { environment } = system
  if (isStopAsked(fileName))
    throw new CommandError(
      `Torhaus does not start while ${requestFilesOf(fileName).stop} exists: remove that file first.`,
      exitCode.done,
    )
  const config = readConfig(fileName, environment)
  checkEnvironmentFolders(fileName, config, environment)
  const output = new SharedLogOutput(sayUnwritten)
  const log = createLog(config.logging, output, system.now)
  logFileWarnings(log, config, system.now())
  const supervisor = new Supervisor({
    ...{ fileName, config, log, output, workerProgram },
    surroundings: system,
  })
  const stop = new Stop(supervisor)
  const stopFor = (wish: StopWish, why: object) => log.info({ 'event.action': stop.ask(wish), ...why })
  for (const [signal, wish] of Object.entries(wishesOn(process.platform)))
    process.on(signal, () => {
      if (wish === 'reload') supervisor.reload('signal')
      else stopFor(wish, { 'torhaus.signal': signal })
    })
  using _asked = watchRequestFiles(fileName, {
    onStop: () => stopFor({ isDelayed: true }, { 'torhaus.reason': 'file' }),
    onReload: () => supervisor.reload('request'),
  })
  try {
    // Workers that a signal ends before all of them listen are no failure.
    await supervisor.start().catch((error: Error) => {
      if (!stop.isAsked)
        throw new CommandError(`Torhaus cannot start: ${shortage(error) ?? error.message}`, exitCode.failed)
    })
    await stop.over
    return exitCode.done
  } finally {
    await endInTime(new Promise<void>(written => output.end(written)))
  }
}

/** Where else: the log is what cannot be written. Standard error may be gone with it. */
function sayUnwritten({ message }: Error): void {
  try {
    writeSync(STANDARD_ERROR, `Torhaus cannot write its log, and continues without it: ${message}\n`)
  } catch {
    // torhaus_log_writes_failed_total says it.
  }
}
