/**
 * Ends every session and confirmation of a person, say of a laptop that was lost. Works on the store; a running Torhaus
 * notices as it notices changes of other processes.
 */

import type { Config } from '../../config/schema.ts'
import type { AccountKey } from '../account-key.ts'
import { openServices, type Services } from '../app/open-services.ts'
import { exitCode } from '../exit-codes.ts'
import { createLog } from '../observability/log.ts'
import { openLogOutput } from '../observability/log-output.ts'
import { system } from '../system.ts'
import { type Command, configOption, type GivenArguments, usageError } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'

export const command: Command = {
  usage: '--config FILE --account NAME|--subject SUB',
  options: {
    ...configOption,
    account: { value: 'NAME', description: 'whose sessions end, in whatever spelling' },
    subject: { value: 'SUB', description: 'the same, by `sub` at the OP' },
  },
  async run(given, print) {
    const fileName = configFileOf(given)
    const person = personOf(given)
    print(`${await run(readConfig(fileName, system.environment), person)}\n`)
    return exitCode.done
  },
}

type Person = { readonly account: string } | { readonly subject: string }

function personOf({ values: { account, subject } }: GivenArguments): Person {
  if (account !== undefined && subject === undefined) return { account }
  if (subject !== undefined && account === undefined) return { subject }
  throw usageError('either --account or --subject is needed')
}

type GrantNeeds = Pick<Services, 'grants' | 'pats'>
type SessionNeeds = Pick<Services, 'accountKey' | 'audit' | 'changes' | 'sessions'>

/** Returns what has ended, in lines for the operator. */
async function endSessionsOf(services: GrantNeeds & SessionNeeds, person: Person): Promise<string> {
  const { sessions, accountKey, changes, audit } = services
  const whose = 'account' in person ? { accountKey: accountKey(person.account) } : person
  const ended = await sessions.endAll(whose)
  const spellings = new Set(ended.map(session => session.account))
  if ('account' in person) spellings.add(person.account)
  const lines = ['account' in person ? `account ${person.account}` : `subject ${person.subject}`]
  lines.push(`sessions ended: ${ended.length}`)
  for (const account of spellings) {
    changes.publish({ kind: 'account', account })
    const count = ended.filter(session => session.account === account).length
    audit.write('sessions-ended', {}, { account, sessions: count })
  }
  // After all that is published without waiting: what the store answers now, it has sent on before.
  for (const key of new Set(Array.from(spellings, accountKey))) lines.push(...(await endGrantsOf(services, key)))
  return lines.join('\n')
}

async function endGrantsOf({ grants, pats }: GrantNeeds, key: AccountKey): Promise<string[]> {
  const running = await grants.of(key)
  await grants.revokeAll(key)
  const usable = (await pats.of(key)).filter(({ isBlocked }) => !isBlocked)
  return [
    `confirmations of ${key} ended: ${running.length}`,
    ...(usable.length === 0 ? [] : [`personal access tokens of ${key}, to be revoked at the server: ${usable.length}`]),
  ]
}

/** Everything is opened as for a start, so that accounts are spelled, and other processes told, in the same way. */
async function run(config: Config, person: Person): Promise<string> {
  await using opened = new AsyncDisposableStack()
  const output = opened.use(openLogOutput())
  const services = await openServices(config, createLog(config.logging, output, system.now), system, opened)
  return await endSessionsOf(services, person)
}
