import { canonicalAddress } from '../../config/address-range.ts'
import { clientClasses } from '../../config/client-classes.ts'
import type { Config } from '../../config/schema.ts'
import type { AccountKeyOf } from '../account-key.ts'
import { groupLookup } from '../app/group-lookup.ts'
import { exitCode } from '../exit-codes.ts'
import { RequestFieldReader } from '../http/request-fields.ts'
import { requestReadings } from '../http/request-readings.ts'
import type { RequestTarget } from '../http/request-target.ts'
import { type AccountNames, accountNames } from '../identity/account-key.ts'
import type { Facts } from '../policy/conditions.ts'
import { type Requirement, type RuleTrace, rulesOf } from '../policy/rules.ts'
import { system } from '../system.ts'
import { type Command, configOption, type GivenArguments, usageError } from './command.ts'
import { explainedPrincipal, schemeNames } from './explained-principal.ts'
import { answeredWithoutRules, explainedTarget } from './explained-target.ts'
import { configFileOf, readConfig } from './read-config.ts'

export const command: Command = {
  usage: '--config FILE METHOD URL [OPTION ...]',
  options: {
    ...configOption,
    scheme: {
      value: 'SCHEME',
      description: `the credentials: ${schemeNames.join(', ')}; by default none, or session with --account`,
    },
    'client-class': { value: 'CLASS', description: `the kind of client: ${clientClasses.join(', ')}` },
    address: { value: 'ADDRESS', description: 'the address of the client' },
    account: { value: 'ACCOUNT', description: 'the account of the person, in any spelling' },
    group: {
      value: 'GROUP',
      description: 'a group of the person, according to the OP or a ticket; may be given several times, with --account',
      repeats: true,
    },
    field: { value: 'NAME: VALUE', description: 'a field of the request; may be given several times', repeats: true },
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run(given, print) {
    const [fileName, method, url] = request(given)
    const target = explainedTarget(url, method)
    const facts = factsOf(given, method, target, account =>
      namesIn(readConfig(fileName, system.environment)).keyOf(account),
    )
    const config = readConfig(fileName, system.environment)
    const why = answeredWithoutRules(url, target, config)
    print(why === undefined ? explain(config, facts) : `no rule decides: ${why}\n`)
    return exitCode.done
  },
}

/** Case counts (RFC 9110 9.1). */
const METHOD = /^[A-Z-]+$/

/** FILE METHOD URL, or the last two with `--config FILE`. */
function request(given: GivenArguments): readonly [fileName: string, method: string, url: string] {
  const { positionals } = given
  const [first = '', second = ''] = positionals
  const isFileFirst = positionals.length > 2 && (!METHOD.test(first) || METHOD.test(second))
  const [method, url, unexpected] = isFileFirst ? positionals.slice(1) : positionals
  if (method === undefined || url === undefined) throw usageError('METHOD and URL are needed')
  if (!METHOD.test(method))
    throw usageError(`${method} is not a method: methods are in upper case, and come before the URL`)
  if (unexpected !== undefined) throw usageError(`Unexpected argument '${unexpected}'`)
  return [configFileOf(given, isFileFirst ? first : undefined), method, url]
}

function factsOf(given: GivenArguments, method: string, target: RequestTarget, accountKey: AccountKeyOf): Facts {
  const { values } = given
  const clientClass = clientClasses.find(name => name === (values['client-class'] ?? 'other'))
  const clientAddress = canonicalAddress(values.address ?? '192.0.2.1')
  if (clientClass === undefined) throw usageError(`${values['client-class']} is not a client class`)
  if (clientAddress === undefined) throw usageError(`${values.address} is not an IP address`)
  const { credentials, principal } = explainedPrincipal(given, accountKey)
  const lines = given.repeated.field ?? []
  const fields = new RequestFieldReader([], lines.length).read(lines.flatMap(fieldOf))
  if (typeof fields === 'string') throw usageError(`the fields are refused: ${fields}`)
  const readings = requestReadings(method, target, fields)
  if (typeof readings === 'string') throw usageError(`the request is refused: ${readings}`)
  return { method, target, readings, fields, clientAddress, clientClass, credentials, principal }
}

/** Fields that another option stands for: as a field they would say nothing to the rules. */
const SAID_ELSEWHERE: Readonly<Record<string, string>> = {
  authorization: '--scheme and --account',
  cookie: '--scheme and --account',
  forwarded: '--address',
  host: 'the URL',
  'user-agent': '--client-class',
  'x-forwarded-for': '--address',
}

function fieldOf(line: string): string[] {
  const colon = line.indexOf(':')
  const name = line.slice(0, colon).trim()
  if (colon === -1 || name === '') throw usageError(`--field must be NAME: VALUE, not ${line}`)
  const said = SAID_ELSEWHERE[name.toLowerCase()]
  if (said !== undefined) throw usageError(`--field has no effect with ${name}: use ${said}`)
  return [name, line.slice(colon + 1).trim()]
}

/** Every name of an account, without opening the directory: its domain is in the configuration. */
function namesIn({ account, kerberos }: Config): AccountNames {
  const ofDirectory = [kerberos?.realm, kerberos?.netbiosDomain].filter(name => name !== undefined)
  return accountNames(undefined, { account: { ...account, domains: [...account.domains, ...ofDirectory] } })
}

function explain(config: Config, facts: Facts): string {
  const names = namesIn(config)
  const rules = rulesOf(config.secondFactor, names.spellingsOf, groupLookup(config.groups, names.keyOf))
  const { decides, also, isAmbiguous } = rules.read(facts)
  const lines: string[] = []
  for (const trace of rules.trace(facts)) {
    lines.push(lineOf(trace, decides))
    if (trace.requirement === decides) break
  }
  if (decides.rule === 'second-factor')
    lines.push(`second-factor: decides, because no rule matches: ${requirementOf(decides)}`)
  for (const other of also)
    lines.push(`${other.rule}: also decides, for another reading of the request: ${requirementOf(other)}`)
  if (isAmbiguous)
    lines.push(
      'but the request can be read in several ways that need different permissions: without all of these, it is refused',
    )
  return `${lines.join('\n')}\n`
}

function lineOf({ requirement, isReportOnly, misfits }: RuleTrace, decides: Requirement): string {
  const name = isReportOnly ? `${requirement.rule} (report only)` : requirement.rule
  if (requirement === decides && misfits.length > 0)
    return `${name}: decides, for another reading of the request: ${requirementOf(requirement)}`
  if (misfits.length > 0) return `${name}: does not match: ${misfits.join(', ')}`
  return `${name}: ${requirement === decides ? 'decides' : 'matches, and would require'}: ${requirementOf(requirement)}`
}

function requirementOf({ require, maxAgeSeconds, acceptAcr }: Requirement): string {
  const age = maxAgeSeconds === undefined ? '' : `, at most ${maxAgeSeconds} s old`
  const acr = acceptAcr === undefined ? '' : `, acr ${acceptAcr.join(' or ')}`
  return require + age + acr
}
