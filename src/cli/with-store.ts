/** The services on the store of a configuration, for a command that works beside a Torhaus that runs. */
import { existsSync } from 'node:fs'
import type { Config } from '../../config/schema.ts'
import { openServices, type Services } from '../app/open-services.ts'
import { causeChain } from '../cause-chain.ts'
import { Fault } from '../errors.ts'
import { exitCode } from '../exit-codes.ts'
import { createLog } from '../observability/log.ts'
import { openLogOutput } from '../observability/log-output.ts'
import { failureInWords } from '../process/failure-in-words.ts'
import { system } from '../system.ts'
import { CommandError } from './command.ts'

/** Standard output is for what a command reports, which may be JSON. */
const STANDARD_ERROR = 2

/** What follows for the operator, as a clause. */
export interface Consequences {
  /** Where there is no store, or it cannot be used at all. */
  readonly without: string
  /** Where it fails after it was reached. */
  readonly unfinished: string
}

/**
 * Everything is opened as for a start, so that accounts are spelled, and other processes told, in the same way. What
 * `work` returns is resolved to once all is closed. What is logged meanwhile, audit records without a file of their own
 * among it, goes to standard error. Rejects with a `CommandError` that says what has not happened, why, and what to do.
 */
export async function withStore<T>(
  config: Config,
  { without, unfinished }: Consequences,
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
  const log = createLog(config.logging, output, system.now)
  const services = await openServices(config, log, system, opened).catch(error => {
    throw new CommandError(`${without}: ${failureInWords(error)}`, exitCode.failed)
  })
  try {
    return await work(services)
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'store-unavailable') throw error
    const why = error.cause instanceof Error ? causeChain(error.cause) : 'it does not answer'
    const consequence = services.stores.wasReached() ? unfinished : without
    throw new CommandError(`${consequence}: ${nameOf(config)} cannot be used: ${why}. ${REMEDY}`, exitCode.failed)
  }
}

const REMEDY = '`torhaus doctor` says what is wrong with it; once it can be used, run the command again'

const nameOf = ({ session: { store } }: Config) =>
  store.kind === 'redis' && store.redis !== undefined
    ? `Redis (${store.redis.urls.join(', ')})`
    : `the store ${store.sqlite.file}`
