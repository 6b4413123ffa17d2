/** Has a running Torhaus read its configuration again, as SIGHUP does elsewhere, and says what came of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import { exitCode } from '../exit-codes.ts'
import type { Life } from '../process/admin-listener.ts'
import { requestFilesOf } from '../process/request-files.ts'
import { system } from '../system.ts'
import { adminPlace, lifeAt } from './ask-admin.ts'
import { type Command, CommandError, configOption } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'
import { writeRequest } from './write-request.ts'

/** New workers may take their minute. */
const WITHIN_MS = 120_000
const POLL_MS = 250

export const command: Command = {
  usage: '--config FILE',
  options: configOption,
  async run(given, print) {
    const fileName = configFileOf(given)
    // What it would refuse is said here, and not asked for.
    const { admin } = readConfig(fileName, system.environment)
    const reloadFile = requestFilesOf(fileName).reload
    const before = await outcomesAt(admin, reloadFile)
    writeRequest('reload', reloadFile, `${new Date(system.now()).toISOString()}\n`, process.platform)
    for (const deadline = system.monotonic() + WITHIN_MS; system.monotonic() < deadline; await sleep(POLL_MS)) {
      const now = await outcomesAt(admin, reloadFile)
      if (now.failure > before.failure) throw failed('the configuration was not accepted; the log says why')
      if (now.success === before.success) continue
      print('Torhaus now runs with the current configuration.\n')
      return exitCode.done
    }
    throw failed(`the reload has no outcome after ${WITHIN_MS / 1000} s; the log may say why`)
  },
}

const failed = (message: string) => new CommandError(message, exitCode.failed)

async function outcomesAt(admin: Config['admin'], reloadFile: string): Promise<Life['reloads']> {
  const life = await lifeAt(admin)
  if (life === undefined)
    throw failed(
      `nothing listens at ${adminPlace(admin)}: Torhaus is not running, is still starting, or still uses the admin address from before a change; in that case, create ${reloadFile} by hand`,
    )
  return life.reloads
}
