import { examine, type Subject, subjects } from '../doctor/examine.ts'
import { hasErrors, reportJson, reportText } from '../doctor/report.ts'
import { exitCode } from '../exit-codes.ts'
import { system } from '../system.ts'
import { becomeUser } from './become-user.ts'
import { type Command, configOption, type GivenArguments, usageError } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'

export const command: Command = {
  usage: '--config FILE [--as-user NAME] [--account NAME] [--only SUBJECT ...] [--json]',
  options: {
    ...configOption,
    'as-user': { value: 'NAME', description: 'looks as this account does, that of the service; for root' },
    account: { value: 'NAME', description: 'in whose name delegation is tried, where there is Kerberos' },
    only: { value: 'SUBJECT', description: `of ${subjects.join(', ')}; may stand several times`, repeats: true },
    json: { description: 'prints `ok`, `findings` and `skipped`, for pipelines' },
  },
  async run(given, print) {
    const fileName = configFileOf(given)
    const wanted = subjectsOf(given)
    const { 'as-user': user, account } = given.values
    if (user !== undefined) becomeUser(user)
    const { now, monotonic, environment } = system
    const config = readConfig(fileName, environment)
    const examined = await examine({ config, now, monotonic, environment, account, userId: process.getuid?.() }, wanted)
    print(given.flags.has('json') ? reportJson(examined) : reportText(examined))
    return hasErrors(examined) ? exitCode.failed : exitCode.done
  },
}

function subjectsOf({ repeated: { only } }: GivenArguments): readonly Subject[] {
  const wanted = subjects.filter(subject => only === undefined || only.includes(subject))
  const unknown = only?.find(name => !wanted.some(subject => subject === name))
  if (unknown !== undefined) throw usageError(`there is no subject ${unknown}: ${subjects.join(', ')}`)
  return wanted
}
