/**
 * Stops a running Torhaus without a signal, by its stop file, and waits for the end: for Windows, where nobody can send one.
 * What runs it next removes the file, or this command does.
 */
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import { exitCode } from '../exit-codes.ts'
import { LOOK_MS, requestFilesOf } from '../process/request-files.ts'
import { system } from '../system.ts'
import { adminPlace, lifeAt } from './ask-admin.ts'
import { type Command, CommandError, configOption } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'
import { wishesOn } from './stop-signals.ts'
import { writeRequest } from './write-request.ts'

/** Beyond the times of the configuration. */
const PATIENCE_MS = 15_000
/** By then whoever was just starting has seen the file. */
const SEEN_MS = 3 * LOOK_MS
const CONTENT = 'Torhaus stops, and does not start, while this file exists.\n'

export const command: Command = {
  usage: '--config FILE [--hold]',
  options: {
    ...configOption,
    hold: { description: 'keeps the stop file, so that Torhaus cannot start until it is removed' },
  },
  async run(given, print) {
    const fileName = configFileOf(given)
    const stopFile = requestFilesOf(fileName).stop
    const { admin, listener } = readPlace(fileName, stopFile)
    const isHeld = given.flags.has('hold')
    const isSomebodyThere = await answers(admin)
    const signal = firstSignal()
    writeRequest('stop', stopFile, CONTENT, process.platform)
    const drainMs = listener.drainDelayMs + listener.drainTimeoutMs
    const end = await Promise.race([signal, endOf(admin, SEEN_MS + drainMs + PATIENCE_MS, stopFile)])
    if (!isHeld) rmSync(stopFile, { force: true })
    if (end !== 'ended') throw new CommandError(interrupted(end, stopFile, isHeld), exitCode.interrupted)
    print(
      isSomebodyThere
        ? `Torhaus has stopped: nothing listens at ${adminPlace(admin)} any more.\n`
        : `Nothing listened at ${adminPlace(admin)}. Torhaus was not running, or it still uses the admin address from before a change; then it has seen the stop file, and stops within ${drainMs / 1000} s.\n`,
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
    const way = `Without the configuration, the command cannot see whether Torhaus has stopped. To stop it anyway, create ${stopFile} by hand, and remove it before the next start`
    throw new CommandError(`${error.message}\n${way}`, error.code)
  }
}

/** Resolves with the first signal that would end this command: with its file left there, nothing would start Torhaus again. */
function firstSignal(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  for (const signal of Object.keys(wishesOn(process.platform))) process.once(signal, () => resolve(signal))
  return promise
}

const interrupted = (signal: string, stopFile: string, isHeld: boolean) =>
  isHeld
    ? `${signal} arrived before Torhaus had stopped; ${stopFile} is kept (--hold)`
    : `${signal} arrived before Torhaus had stopped; ${stopFile} is removed. If Torhaus has not seen it yet, it keeps running; otherwise it stops, and can be started again`

/** Resolves when it has ended, and whoever was just starting has seen the file. */
async function endOf(admin: Config['admin'], withinMs: number, stopFile: string): Promise<'ended'> {
  if (!(await hasEnded(admin, withinMs)))
    throw new CommandError(
      `Torhaus still answers at ${adminPlace(admin)} after ${withinMs / 1000} s; ${stopFile} is kept`,
      exitCode.failed,
    )
  await sleep(SEEN_MS)
  return 'ended'
}

async function hasEnded(admin: Config['admin'], withinMs: number): Promise<boolean> {
  for (const deadline = system.monotonic() + withinMs; system.monotonic() < deadline; await sleep(LOOK_MS / 2))
    if (!(await answers(admin))) return true
  return false
}

/** One that gives no answer has not ended. */
const answers = async (admin: Config['admin']) => (await lifeAt(admin).catch(() => 'silent')) !== undefined
