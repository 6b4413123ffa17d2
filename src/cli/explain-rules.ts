import { canonicalAddress } from '../../config/address-range.ts'
import { clientClasses } from '../../config/client-classes.ts'
import type { Config } from '../../config/schema.ts'
import { Secret } from '../../config/secret.ts'
import type { AccountKeyOf } from '../account-key.ts'
import { groupLookup } from '../app/group-lookup.ts'
import type { Credentials, Principal } from '../exchange.ts'
import { exitCode } from '../exit-codes.ts'
import { RequestFieldReader } from '../http/request-fields.ts'
import { requestReadings } from '../http/request-readings.ts'
import { parseRequestTarget } from '../http/request-target.ts'
import { type AccountNames, accountNames } from '../identity/account-key.ts'
import type { Facts } from '../policy/conditions.ts'
import { type Requirement, type RuleTrace, rulesOf } from '../policy/rules.ts'
import { system } from '../system.ts'
import { type Command, configOption, type GivenArguments, usageError } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'

const SCHEMES: Readonly<Record<string, Credentials>> = {
  none: { scheme: 'none' },
  session: { scheme: 'session', id: '' },
  bearer: { scheme: 'bearer', token: '', via: 'Bearer' },
  pat: { scheme: 'pat', fingerprints: [], token: new Secret('') },
  'server-token': { scheme: 'server-token' },
  basic: { scheme: 'basic', username: '', password: new Secret('') },
  negotiate: { scheme: 'negotiate', token: '' },
  certificate: { scheme: 'none' },
}

export const command: Command = {
  usage: '--config FILE METHOD URL [OPTION ...]',
  options: {
    ...configOption,
    scheme: { value: 'SCHEME', description: `the credentials: ${Object.keys(SCHEMES).join(', ')}` },
    'client-class': { value: 'CLASS', description: `the kind of client: ${clientClasses.join(', ')}` },
    address: { value: 'ADDRESS', description: 'the address of the client' },
    account: { value: 'ACCOUNT', description: 'the account of the person, in any spelling' },
    group: {
      value: 'GROUP',
      description: 'a group that the OP says they are in; may be given several times',
      repeats: true,
    },
    field: { value: 'NAME: VALUE', description: 'a field of the request; may be given several times', repeats: true },
  },
  maxPositionals: 3,
  async run(given, print) {
    const [fileName, method, url] = request(given)
    const facts = factsOf(given, method, url, account =>
      namesIn(readConfig(fileName, system.environment)).keyOf(account),
    )
    print(explain(fileName, facts))
    return exitCode.done
  },
}

/** Case counts (RFC 9110 9.1). */
const METHOD = /^[A-Z-]+$/

/** FILE METHOD URL, or the last two with `--config FILE`. */
function request(given: GivenArguments): readonly [fileName: string, method: string, url: string] {
  const { positionals } = given
  const [method, url] = positionals.slice(-2)
  if (method === undefined || url === undefined) throw usageError('METHOD and URL are needed')
  if (!METHOD.test(method)) throw usageError(`${method} is no method: they are in capitals, and stand before the URL`)
  return [configFileOf(given, positionals.at(-3)), method, url]
}

function factsOf(given: GivenArguments, method: string, url: string, accountKey: AccountKeyOf): Facts {
  const { values } = given
  const credentials = SCHEMES[values.scheme ?? 'none']
  const clientClass = clientClasses.find(name => name === (values['client-class'] ?? 'other'))
  const clientAddress = canonicalAddress(values.address ?? '192.0.2.1')
  const host = URL.parse(url)?.host ?? ''
  const target = parseRequestTarget(url, method, host)
  if (credentials === undefined) throw usageError(`${values.scheme} is no scheme`)
  if (clientClass === undefined) throw usageError(`${values['client-class']} is no client class`)
  if (clientAddress === undefined) throw usageError(`${values.address} is no address`)
  if (typeof target === 'string') throw usageError(`${url} is no URL or path`)
  const principal =
    values.scheme === 'certificate'
      ? principalByCertificate(values.account)
      : principalOf(credentials, values.account, given.repeated.group ?? [], accountKey)
  const lines = given.repeated.field ?? []
  const fields = new RequestFieldReader([], lines.length).read(lines.flatMap(fieldOf))
  if (typeof fields === 'string') throw usageError(`the fields are refused: ${fields}`)
  const readings = requestReadings(method, target, fields)
  if (typeof readings === 'string') throw usageError(`the request is refused: ${readings}`)
  return { method, target, readings, fields, clientAddress, clientClass, credentials, principal }
}

function fieldOf(line: string): string[] {
  const colon = line.indexOf(':')
  return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()]
}

function principalOf(
  { scheme }: Credentials,
  account: string | undefined,
  groups: readonly string[],
  accountKey: AccountKeyOf,
): Principal {
  if (scheme === 'none') return { kind: 'anonymous', because: 'credentials-missing' }
  if (scheme === 'pat' || scheme === 'server-token')
    return account === undefined
      ? { kind: 'server-checked' }
      : { kind: 'server-checked', owner: { account, accountKey: accountKey(account) } }
  const evidence = { acr: undefined, acrs: [], amr: [], authTime: undefined }
  const person = { kind: 'person', subject: '', account } as const
  if (scheme === 'negotiate') return { ...person, evidence: { ...evidence, firstFactor: scheme }, groups }
  if (scheme !== 'basic') return { ...person, evidence, groups }
  // A password names none; a session that comes along may.
  return { ...person, evidence: { ...evidence, firstFactor: scheme }, ...(groups.length > 0 ? { groups } : {}) }
}

/** Of listener.tls.clientCertificates, where it is a first factor. */
function principalByCertificate(account: string | undefined): Principal {
  const evidence = { acr: undefined, acrs: [], amr: [], authTime: undefined, firstFactor: 'certificate' } as const
  return { kind: 'person', subject: '', account, evidence }
}

/** Every name of an account, without opening the directory: its domain is in the configuration. */
function namesIn({ account, kerberos }: Config): AccountNames {
  const ofDirectory = [kerberos?.realm, kerberos?.netbiosDomain].filter(name => name !== undefined)
  return accountNames(undefined, { account: { ...account, domains: [...account.domains, ...ofDirectory] } })
}

function explain(fileName: string, facts: Facts): string {
  const config = readConfig(fileName, system.environment)
  const names = namesIn(config)
  const rules = rulesOf(config.secondFactor, names.spellingsOf, groupLookup(config.groups, names.keyOf))
  const { decides, also, isAmbiguous } = rules.read(facts)
  const lines: string[] = []
  for (const trace of rules.trace(facts)) {
    lines.push(lineOf(trace, decides))
    if (trace.requirement === decides) break
  }
  if (decides.rule === 'second-factor')
    lines.push(`second-factor: decides, for no rule fits: ${requirementOf(decides)}`)
  for (const other of also) lines.push(`${other.rule}: decides, too, in another reading: ${requirementOf(other)}`)
  if (isAmbiguous)
    lines.push(
      'but the request can be read in two ways or more that need different permissions: without these, refused',
    )
  return `${lines.join('\n')}\n`
}

function lineOf({ requirement, isReportOnly, misfits }: RuleTrace, decides: Requirement): string {
  const name = isReportOnly ? `${requirement.rule} (report only)` : requirement.rule
  if (requirement === decides && misfits.length > 0)
    return `${name}: decides, in another reading of the request: ${requirementOf(requirement)}`
  if (misfits.length > 0) return `${name}: does not fit: ${misfits.join(', ')}`
  return `${name}: ${requirement === decides ? 'decides' : 'fits, and would ask for'}: ${requirementOf(requirement)}`
}

function requirementOf({ require, maxAgeSeconds, acceptAcr }: Requirement): string {
  const age = maxAgeSeconds === undefined ? '' : `, at most ${maxAgeSeconds} s old`
  const acr = acceptAcr === undefined ? '' : `, acr ${acceptAcr.join(' or ')}`
  return require + age + acr
}
