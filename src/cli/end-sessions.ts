/**
 * Ends every session and confirmation of a person, say of a laptop that was lost. Works on the store; a running Torhaus
 * notices as it notices changes of other processes.
 */
import type { Config } from '../../config/schema.ts'
import { type Ended, endPerson } from '../app/end-person.ts'
import type { Person } from '../app/person.ts'
import { exitCode } from '../exit-codes.ts'
import { system } from '../system.ts'
import { type Command, configOption, type GivenArguments, usageError } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'
import { untilNoticed } from './until-noticed.ts'
import { withStore } from './with-store.ts'

export const command: Command = {
  usage: '--config FILE --account NAME|--subject SUB',
  options: {
    ...configOption,
    account: { value: 'NAME', description: 'the account whose sessions end, in any spelling' },
    subject: { value: 'SUB', description: 'instead of --account: the `sub` of the person at the OP' },
  },
  async run(given, print) {
    const fileName = configFileOf(given)
    const person = personOf(given)
    const { report, nothingEnded } = await run(readConfig(fileName, system.environment), person)
    print(`${report.join('\n')}\n`)
    return nothingEnded ? exitCode.nothingEnded : exitCode.done
  },
}

function personOf({ values: { account, subject } }: GivenArguments): Person {
  if (account !== undefined && subject === undefined) return { account }
  if (subject !== undefined && account === undefined) return { subject }
  throw usageError('either --account or --subject is needed')
}

const CONSEQUENCES = {
  without: 'nothing has been ended',
  unfinished: 'sessions and confirmations may not all have ended',
}

const run = (config: Config, person: Person): Promise<Ended> =>
  withStore(config, CONSEQUENCES, async services => {
    const isRedis = config.session.store.kind === 'redis'
    // Of a file, nobody would keep in memory what it does not take: that must be a failure.
    if (!isRedis) services.changes.heardWhile(() => false)
    const ended = await endPerson(services, person)
    // Redis has told the running processes by now.
    if (ended.nothingEnded || isRedis) return ended
    const note = await untilNoticed(services, config.session.cacheMs)
    return note === undefined ? ended : { ...ended, report: [...ended.report, note] }
  })
