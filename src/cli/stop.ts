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
    const { admin, listener } = readConfig(fileName, system.environment)
    const stopFile = requestFilesOf(fileName).stop
    ask(stopFile)
    const withinMs = SEEN_MS + listener.drainDelayMs + listener.drainTimeoutMs + PATIENCE_MS
    if (!(await hasEnded(admin, withinMs)))
      throw new CommandError(
        `Torhaus still answers at ${adminPlace(admin)} after ${withinMs / 1000} s; ${stopFile} is left there`,
        exitCode.failed,
      )
    await sleep(SEEN_MS)
    if (!given.flags.has('hold')) rmSync(stopFile, { force: true })
    print(`Torhaus has stopped: nobody listens at ${adminPlace(admin)}.\n`)
    return exitCode.done
  },
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
    // One that gives no answer has not ended.
    if ((await lifeAt(admin).catch(() => 'silent')) === undefined) return true
  return false
}
