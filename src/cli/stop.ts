/**
 * Stops a running Torhaus without a signal, by its stop file, and waits for the end: for Windows, where nobody can send one.
 * What runs it next removes the file, or this command does.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import { exitCode } from '../exit-codes.ts'
import { LOOK_MS, requestFilesOf } from '../process/request-files.ts'
import { system } from '../system.ts'
import { adminPlace, lifeAt } from './ask-admin.ts'
import { type Command, CommandError, configOption } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'

/** Beyond the times of the configuration. */
const PATIENCE_MS = 15_000
/** By then whoever was just starting has seen the file. */
const SEEN_MS = 3 * LOOK_MS

export const command: Command = {
  usage: '--config FILE [--hold]',
  options: {
    ...configOption,
    hold: { description: 'leaves the stop file there, so that nothing starts Torhaus until it is removed' },
  },
  async run(given, print) {
    const fileName = configFileOf(given)
    const stopFile = requestFilesOf(fileName).stop
    const { admin, listener } = readPlace(fileName, stopFile)
    const isSomebodyThere = await answers(admin)
    ask(stopFile)
    const drainMs = listener.drainDelayMs + listener.drainTimeoutMs
    const withinMs = SEEN_MS + drainMs + PATIENCE_MS
    if (!(await hasEnded(admin, withinMs)))
      throw new CommandError(
        `Torhaus still answers at ${adminPlace(admin)} after ${withinMs / 1000} s; ${stopFile} is left there`,
        exitCode.failed,
      )
    await sleep(SEEN_MS)
    if (!given.flags.has('hold')) rmSync(stopFile, { force: true })
    print(
      isSomebodyThere
        ? `Torhaus has stopped: nobody listens at ${adminPlace(admin)}.\n`
        : `Nobody listened at ${adminPlace(admin)}. Torhaus was not running; or it has the admin address from before a change, has seen the stop file, and ends within ${drainMs / 1000} s.\n`,
    )
    return exitCode.done
  },
}

/** Where it listens, and how long it may take. */
function readPlace(fileName: string, stopFile: string): Pick<Config, 'admin' | 'listener'> {
  try {
    return readConfig(fileName, system.environment)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const way = `Without the configuration nobody can see whether it has ended. What stops it all the same: create ${stopFile} by hand, and remove it before the next start`
    throw new CommandError(`${error.message}\n${way}`, error.code)
  }
}

function ask(stopFile: string): void {
  try {
    writeFileSync(stopFile, 'Torhaus stops, and does not start, while this file is here.\n')
  } catch (error) {
    throw new CommandError(`${stopFile} cannot be written: ${(error as Error).message}`, exitCode.failed)
  }
}

async function hasEnded(admin: Config['admin'], withinMs: number): Promise<boolean> {
  for (const deadline = system.monotonic() + withinMs; system.monotonic() < deadline; await sleep(LOOK_MS / 2))
    if (!(await answers(admin))) return true
  return false
}

/** One that gives no answer has not ended. */
const answers = async (admin: Config['admin']) => (await lifeAt(admin).catch(() => 'silent')) !== undefined
