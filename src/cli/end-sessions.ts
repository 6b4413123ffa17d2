/**
 * `npm run sessions:end -- --config FILE --account NAME|--subject SUB`: ends every session and confirmation of a person, say
 * of a laptop that was lost. Works on the store; a running Torhaus notices as it notices changes of other processes.
 */
import type { AccountKey } from '../account-key.ts'
import { system } from '../system.ts'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { type Ground, layGround } from '../app/services.ts'
import { causeChain } from '../cause-chain.ts'
import { createLog } from '../observability/log.ts'
import { openLogOutput } from '../observability/log-output.ts'
import { printDiagnostics } from './check-config.ts'

const USAGE = 'usage: npm run sessions:end -- --config FILE --account NAME|--subject SUB\n'
const EXIT_FAILED = 1
const EXIT_USAGE = 2
const EXIT_CONFIG = 78 // EX_CONFIG of sysexits(3)

type Person = { readonly account: string } | { readonly subject: string }

interface Order {
  readonly fileName: string
  readonly person: Person
}

function orderFrom(args: readonly string[]): Order | string {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args: [...args], options: { config: text, account: text, subject: text } })
  const { config: fileName, account, subject } = values
  if (fileName === undefined) return '--config is needed'
  if (account !== undefined && subject === undefined) return { fileName, person: { account } }
  if (subject !== undefined && account === undefined) return { fileName, person: { subject } }
  return 'either --account or --subject is needed'
}

/** Returns what has ended, in lines for the operator. */
async function endSessionsOf(ground: Ground, person: Person): Promise<string> {
  const { sessions, accountKey } = ground
  const whose = 'account' in person ? { accountKey: accountKey(person.account) } : person
  const ended = await sessions.endAll(whose)
  const spellings = new Set(ended.map(session => session.account))
  if ('account' in person) spellings.add(person.account)
  const lines = ['account' in person ? `account ${person.account}` : `subject ${person.subject}`]
  lines.push(`sessions ended: ${ended.length}`)
  for (const account of spellings) {
    ground.changes.publish({ kind: 'account', account })
    const count = ended.filter(session => session.account === account).length
    ground.audit.write('sessions-ended', {}, { account, sessions: count })
  }
  // After all that is published without waiting: what the store answers now, it has sent on before.
  for (const key of new Set(Array.from(spellings, accountKey))) lines.push(...(await endGrantsOf(ground, key)))
  return lines.join('\n')
}

async function endGrantsOf({ grants, pats }: Ground, key: AccountKey): Promise<string[]> {
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
  const output = openLogOutput()
  const ground = await layGround(config, createLog(config.logging, output, system.now), system)
  try {
    return await endSessionsOf(ground, person)
  } finally {
    await ground.stores.close()
    ground.directory?.close()
    await ground.audit.close()
    await output.close()
  }
}

let order: Order | string
try {
  order = orderFrom(process.argv.slice(2))
} catch (error) {
  order = (error as Error).message
}
if (typeof order === 'string') {
  process.stderr.write(`${order}\n${USAGE}`)
  process.exit(EXIT_USAGE)
}
const loaded = loadConfig(order.fileName, system.environment)
if (!loaded.ok) {
  process.stderr.write(printDiagnostics(order.fileName, loaded.diagnostics))
  process.exit(EXIT_CONFIG)
}
try {
  process.stdout.write(`${await run(loaded.config, order.person)}\n`)
} catch (error) {
  process.stderr.write(`${causeChain(error as Error)}\n`)
  process.exit(EXIT_FAILED)
}
