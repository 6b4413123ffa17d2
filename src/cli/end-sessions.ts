/**
 * Ends every session and confirmation of a person, say of a laptop that was lost. Works on the store; a running Torhaus
 * notices as it notices changes of other processes.
 */

import { existsSync } from 'node:fs'
import type { Config } from '../../config/schema.ts'
import type { AccountKey } from '../account-key.ts'
import { openServices, type Services } from '../app/open-services.ts'
import { exitCode } from '../exit-codes.ts'
import { createLog } from '../observability/log.ts'
import { openLogOutput } from '../observability/log-output.ts'
import type { EndedSession, SessionSelector } from '../session/session-store.ts'
import { system } from '../system.ts'
import { type Command, CommandError, configOption, type GivenArguments, usageError } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'
import { untilNoticed } from './until-noticed.ts'

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
    const { report, isNothing } = await run(readConfig(fileName, system.environment), person)
    print(`${report}\n`)
    return isNothing ? exitCode.nothingEnded : exitCode.done
  },
}

type Person = { readonly account: string } | { readonly subject: string }

function personOf({ values: { account, subject } }: GivenArguments): Person {
  if (account !== undefined && subject === undefined) return { account }
  if (subject !== undefined && account === undefined) return { subject }
  throw usageError('either --account or --subject is needed')
}

type PersonServices = Pick<
  Services,
  'accountKey' | 'accountNames' | 'audit' | 'changes' | 'config' | 'grants' | 'pats' | 'sessions'
>

interface Ended {
  /** For the operator. */
  readonly report: string
  readonly isNothing: boolean
}

/** In Redis, what finds sessions can be lost without them; a mark cannot miss any. */
const WHATEVER_IS_LISTED = 'no session opened until now counts any more, listed or not'

async function endSessionsOf(services: PersonServices, person: Person): Promise<Ended> {
  const { accountKey, changes, audit } = services
  const selectors = selectorsOf(services, person)
  const ended: EndedSession[] = []
  for (const selector of selectors) ended.push(...(await services.sessions.endAll(selector)))
  const asked = 'account' in person ? [person.account] : []
  const spellings = new Set([...asked, ...ended.map(session => session.account)])
  // Also those that no index has found.
  const named = 'account' in person ? namesOf(services, person) : []
  for (const account of new Set([...spellings, ...named])) changes.publish({ kind: 'account', account })
  // After all that is published without waiting: what the store answers now, it has sent on before.
  const keys = new Set([
    ...selectors.flatMap(selector => ('accountKey' in selector ? [selector.accountKey] : [])),
    ...Array.from(spellings, accountKey),
  ])
  const confirmations = await endConfirmations(services, keys)
  const isNothing = ended.length === 0 && confirmations.count === 0
  for (const account of isNothing ? [] : spellings) {
    const sessions = ended.filter(session => session.account === account).length
    if (sessions > 0 || ended.length === 0) audit.write('sessions-ended', {}, { account, sessions })
  }
  if (isNothing) audit.write('no-session-found', {}, { account: asked[0] })
  const lines = [
    'account' in person ? `account ${person.account}` : `subject ${person.subject}`,
    `sessions ended: ${ended.length}`,
    ...confirmations.lines,
    ...(isNothing ? [`nothing has ended; looked for ${namesOf(services, person).join(', ')}`] : []),
    ...(services.config.session.store.kind === 'redis' ? [WHATEVER_IS_LISTED] : []),
  ]
  return { report: lines.join('\n'), isNothing }
}

/** Every key under which the person may be found. */
function selectorsOf(services: PersonServices, person: Person): readonly SessionSelector[] {
  if ('subject' in person) return [person]
  const keys = new Set(accountsOf(services, person.account).flatMap(services.accountNames.keysOf))
  return Array.from(keys, accountKey => ({ accountKey }))
}

/** Where nobody says whose domain it is, a session too many is the safe mistake. */
function accountsOf({ accountNames: { perhaps } }: PersonServices, account: string): readonly string[] {
  const user = perhaps(account)
  return user === undefined ? [account] : [account, user]
}

/** What was looked for, letter case left aside. */
const namesOf = (services: PersonServices, person: Person): readonly string[] =>
  'subject' in person
    ? [person.subject]
    : [...new Set(accountsOf(services, person.account).flatMap(services.accountNames.spellingsOf))]

interface EndedConfirmations {
  readonly count: number
  readonly lines: readonly string[]
}

/** Lines for keys that had any, and always for the first one. */
async function endConfirmations(
  { grants, pats }: PersonServices,
  keys: Iterable<AccountKey>,
): Promise<EndedConfirmations> {
  const lines: string[] = []
  let count = 0
  for (const key of keys) {
    const running = await grants.of(key)
    await grants.revokeAll(key)
    const usable = (await pats.of([key])).filter(({ isBlocked }) => !isBlocked)
    if (running.length > 0 || lines.length === 0) lines.push(`confirmations of ${key} ended: ${running.length}`)
    if (usable.length > 0) lines.push(`personal access tokens of ${key}, to be revoked at the server: ${usable.length}`)
    count += running.length
  }
  return { count, lines }
}

const noStoreAt = (fileName: string) =>
  `there is no store at ${fileName}, so nothing has ended: set session.store.sqlite.file, or STATE_DIRECTORY as the service has it`

/** Everything is opened as for a start, so that accounts are spelled, and other processes told, in the same way. */
async function run(config: Config, person: Person): Promise<Ended> {
  const { kind, sqlite } = config.session.store
  // One made now would say that nobody is signed in, while the service goes on with its own.
  if (kind === 'sqlite' && !existsSync(sqlite.file)) throw new CommandError(noStoreAt(sqlite.file), exitCode.failed)
  await using opened = new AsyncDisposableStack()
  const output = opened.use(openLogOutput())
  const services = await openServices(config, createLog(config.logging, output, system.now), system, opened)
  // Of a file, nobody would keep in memory what it does not take: that must be a failure.
  if (config.session.store.kind !== 'redis') services.changes.heardWhile(() => false)
  const ended = await endSessionsOf(services, person)
  // Redis has told the running processes by now.
  if (ended.isNothing || config.session.store.kind === 'redis') return ended
  const note = await untilNoticed(services, config.session.cacheMs)
  return note === undefined ? ended : { ...ended, report: `${ended.report}\n${note}` }
}
