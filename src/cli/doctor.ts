import type { Config } from '../../config/schema.ts'
import { examine, type Subject, subjects } from '../doctor/examine.ts'
import { hasErrors, reportJson, reportText } from '../doctor/report.ts'
import { exitCode } from '../exit-codes.ts'
import { MAX_HELD_SECONDS } from '../http/self-test-hold.ts'
import { system } from '../system.ts'
import { becomeUser } from './become-user.ts'
import { type Command, configOption, type GivenArguments, usageError } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'

export const command: Command = {
  usage: '--config FILE [--as-user NAME] [--account NAME] [--only SUBJECT ...] [--slow SECONDS] [--json]',
  options: {
    ...configOption,
    'as-user': {
      value: 'NAME',
      description: 'checks with the permissions of this account (name or number), that of the service; only for root',
    },
    account: { value: 'NAME', description: 'with Kerberos: the person for whom delegation is tried' },
    only: { value: 'SUBJECT', description: `one of ${subjects.join(', ')}; may be given several times`, repeats: true },
    slow: {
      value: 'SECONDS',
      description: `makes a request through publicUrl wait this long for its answer, to find hops that give up earlier; 1 to ${MAX_HELD_SECONDS}`,
    },
    json: { description: 'prints `ok`, `findings` and `skipped`, for pipelines' },
  },
  async run(given, print) {
    const fileName = configFileOf(given)
    const wanted = subjectsOf(given)
    const { 'as-user': user, account, slow } = given.values
    refuseUnlooked(wanted, 'slow', slow, 'long-requests')
    refuseUnlooked(wanted, 'account', account, 'kerberos')
    const slowSeconds = slow === undefined ? undefined : secondsOf(slow)
    if (user !== undefined) becomeUser(user)
    const { now, monotonic, environment } = system
    const config = readConfig(fileName, environment)
    if (account !== undefined) refuseUndelegated(config)
    const context = { config, now, monotonic, environment, account, slowSeconds, userId: process.getuid?.() }
    const examined = await examine(context, wanted)
    print(given.flags.has('json') ? reportJson(examined) : reportText(examined))
    return hasErrors(examined) ? exitCode.failed : exitCode.done
  },
}

function refuseUnlooked(wanted: readonly Subject[], option: string, value: string | undefined, subject: Subject): void {
  if (value !== undefined && !wanted.includes(subject))
    throw usageError(
      `--${option} has no effect without the subject ${subject}: add --only ${subject}, or omit --${option}`,
    )
}

function refuseUndelegated({ kerberos, upstream }: Config): void {
  if (kerberos === undefined || upstream.identity.kind !== 'kerberos')
    throw usageError(
      '--account has no effect: this configuration does not use delegation (upstream.identity.kind is not kerberos); omit it',
    )
}

function secondsOf(text: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (seconds < 1 || seconds > MAX_HELD_SECONDS)
    throw usageError(`--slow must be a number of seconds from 1 to ${MAX_HELD_SECONDS}, not ${text}`)
  return seconds
}

function subjectsOf({ repeated: { only } }: GivenArguments): readonly Subject[] {
  const wanted = subjects.filter(subject => only === undefined || only.includes(subject))
  const unknown = only?.find(name => !wanted.some(subject => subject === name))
  if (unknown !== undefined) throw usageError(`${unknown} is not a subject; choose from: ${subjects.join(', ')}`)
  return wanted
}
