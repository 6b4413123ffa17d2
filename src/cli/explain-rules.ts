/** `npm run config:explain -- FILE METHOD URL [options]`: which rule decides about a request, and why the ones above do not. */
import { parseArgs } from 'node:util'
import { canonicalAddress } from '../../config/address-range.ts'
import { clientClasses } from '../../config/client-classes.ts'
import { loadConfig } from '../../config/load.ts'
import { Secret } from '../../config/secret.ts'
import type { Credentials, Principal } from '../exchange.ts'
import { RequestFieldReader } from '../http/request-fields.ts'
import { requestReadings } from '../http/request-readings.ts'
import { parseRequestTarget } from '../http/request-target.ts'
import type { Facts } from '../policy/conditions.ts'
import { type Requirement, type RuleTrace, rulesOf } from '../policy/rules.ts'
import { printDiagnostics } from './check-config.ts'

const USAGE = `usage: npm run config:explain -- FILE METHOD URL
  [--scheme none|session|bearer|pat|server-token|basic|negotiate] [--client-class ${clientClasses.join('|')}]
  [--address A] [--account X] [--field 'NAME: VALUE' ...]
`
const EXIT_USAGE = 2
const EXIT_CONFIG = 78 // EX_CONFIG of sysexits(3)

const SCHEMES: Readonly<Record<string, Credentials>> = {
  none: { scheme: 'none' },
  session: { scheme: 'session', id: '' },
  bearer: { scheme: 'bearer', token: '', via: 'Bearer' },
  pat: { scheme: 'pat', fingerprints: [] },
  'server-token': { scheme: 'server-token' },
  basic: { scheme: 'basic', username: '', password: new Secret('') },
  negotiate: { scheme: 'negotiate', token: '' },
}

interface Question {
  readonly fileName: string
  readonly facts: Facts
}

function questionFrom(args: readonly string[]): Question | string {
  const text = { type: 'string' } as const
  const field = { type: 'string', multiple: true } as const
  const options = { scheme: text, 'client-class': text, address: text, account: text, field }
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [fileName, method, url] = positionals
  if (fileName === undefined || method === undefined || url === undefined) return 'FILE, METHOD and URL are needed'
  const credentials = SCHEMES[values.scheme ?? 'none']
  const clientClass = clientClasses.find(name => name === (values['client-class'] ?? 'other'))
  const clientAddress = canonicalAddress(values.address ?? '192.0.2.1')
  const host = URL.parse(url)?.host ?? ''
  const target = parseRequestTarget(url, method, host)
  if (credentials === undefined) return `${values.scheme} is no scheme`
  if (clientClass === undefined) return `${values['client-class']} is no client class`
  if (clientAddress === undefined) return `${values.address} is no address`
  if (typeof target === 'string') return `${url} is no URL or path`
  const principal = principalOf(credentials, values.account)
  const fields = new RequestFieldReader([], values.field?.length ?? 0).read(values.field?.flatMap(fieldOf) ?? [])
  if (typeof fields === 'string') return `the fields are refused: ${fields}`
  const readings = requestReadings(method, target, fields)
  if (typeof readings === 'string') return `the request is refused: ${readings}`
  return { fileName, facts: { method, target, readings, fields, clientAddress, clientClass, credentials, principal } }
}

function fieldOf(line: string): string[] {
  const colon = line.indexOf(':')
  return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()]
}

function principalOf({ scheme }: Credentials, account: string | undefined): Principal {
  if (scheme === 'none') return { kind: 'anonymous', because: 'credentials-missing' }
  if (scheme === 'pat' || scheme === 'server-token') return { kind: 'server-checked' }
  const evidence = { acr: undefined, acrs: [], amr: [], authTime: undefined }
  return { kind: 'person', subject: '', account, evidence }
}

function explain({ fileName, facts }: Question): string {
  const loaded = loadConfig(fileName, {})
  if (!loaded.ok) {
    process.stderr.write(printDiagnostics(fileName, loaded.diagnostics))
    process.exit(EXIT_CONFIG)
  }
  const rules = rulesOf(loaded.config.secondFactor)
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

function main(): void {
  let question: Question | string
  try {
    question = questionFrom(process.argv.slice(2))
  } catch (error) {
    question = (error as Error).message
  }
  if (typeof question === 'string') {
    process.stderr.write(`${question}\n${USAGE}`)
    process.exit(EXIT_USAGE)
  }
  process.stdout.write(explain(question))
}

main()
