/** The services on the store of a configuration, for a command that works beside a Torhaus that runs. */
import { existsSync } from 'node:fs'
import type { Config } from '../../config/schema.ts'
import { openServices, type Services } from '../app/open-services.ts'
import { exitCode } from '../exit-codes.ts'
import { createLog } from '../observability/log.ts'
import { openLogOutput } from '../observability/log-output.ts'
import { system } from '../system.ts'
import { CommandError } from './command.ts'

/** Standard output is for what a command reports, which may be JSON. */
const STANDARD_ERROR = 2

/**
 * Everything is opened as for a start, so that accounts are spelled, and other processes told, in the same way. What
 * `work` returns is resolved to once all is closed. `without`: what follows for the operator where there is no store.
 * What is logged meanwhile, audit records without a file of their own among it, goes to standard error.
 */
export async function withStore<T>(
  config: Config,
  without: string,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const { kind, sqlite } = config.session.store
  // One made now would say that nobody is signed in, while the service continues with its own.
  if (kind === 'sqlite' && !existsSync(sqlite.file))
    throw new CommandError(
      `there is no store at ${sqlite.file}, so ${without}: set session.store.sqlite.file, or set STATE_DIRECTORY as for the service`,
      exitCode.failed,
    )
  await using opened = new AsyncDisposableStack()
  const output = opened.use(openLogOutput({ descriptor: STANDARD_ERROR }))
  return await work(await openServices(config, createLog(config.logging, output, system.now), system, opened))
}
