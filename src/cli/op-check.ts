/** Whether a sign-in can work at an OP, before anybody tries one; and what it brings, where somebody does. */
import { type NamedProvider, providersOf } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import { checkProvider, type ProviderFinding, tryDevice, trySignIn } from '../app/check-provider.ts'
import { exitCode } from '../exit-codes.ts'
import { jsonText } from '../json-text.ts'
import { redirectUriOf } from '../oidc/redirect-uri.ts'
import type { TokenReport } from '../oidc/tried-token.ts'
import { system } from '../system.ts'
import { type Ask, type Command, configOption, usageError } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'

export const command: Command = {
  usage: '--config FILE [--provider NAME] [--sign-in] [--json]',
  options: {
    ...configOption,
    provider: { value: 'NAME', description: 'its name in `providers`; required if there are several' },
    'sign-in': {
      description:
        'shows a link for signing in (with deviceClientId, another one as for git), then which claims arrived, which rules they satisfy, and what is missing',
    },
    json: {
      description:
        'prints one JSON object with `findings`, each with `option` and `message`, and `skipped`: sign-ins that were not tried, each with `why`',
    },
  },
  async run(given, print, ask) {
    const config = readConfig(configFileOf(given), system.environment)
    const one = chosen(config, given.values.provider)
    const redirectUri = redirectUriOf(config, one)
    const findings = await checkProvider(config, one, system.now)
    const skipped = given.flags.has('sign-in') ? skippedSignIns(findings) : []
    const canSignIn = given.flags.has('sign-in') && skipped.every(({ check }) => check !== 'sign-in')
    const tokens = canSignIn ? await signIn(config, one, findings, ask) : []
    const { name: provider, settings } = one
    if (given.flags.has('json'))
      print(jsonText({ provider, issuer: settings.issuer, redirectUri, findings, skipped, tokens }, 2))
    else print(inWords(one, redirectUri, findings, tokens) + skipped.map(skippedInWords).join(''))
    return findings.length === 0 ? exitCode.done : exitCode.failed
  },
}

interface Skipped {
  readonly check: 'sign-in' | 'device'
  readonly why: string
}

/** Of those that were asked for, by what was found before: nobody is to believe that they went well. */
function skippedSignIns(findings: readonly ProviderFinding[]): readonly Skipped[] {
  const found = new Set(findings.map(({ check }) => check))
  if (found.has('discovery')) return [{ check: 'sign-in', why: 'it needs the metadata of the OP' }]
  return found.has('device') ? [{ check: 'device', why: 'the device flow cannot begin' }] : []
}

const skippedInWords = ({ check, why }: Skipped) =>
  `skipped: the ${check === 'device' ? 'sign-in for git' : 'sign-in'} was not tried: ${why}\n`

/** What is found goes to the others. A device flow that cannot begin was found before. */
async function signIn(
  config: Config,
  one: NamedProvider,
  findings: ProviderFinding[],
  ask: Ask,
): Promise<TokenReport[]> {
  const browser = await trySignIn(config, one, system.now, url => ask(invitation(url, one)))
  const device = findings.some(({ check }) => check === 'device')
    ? undefined
    : await tryDevice(config, one, system.now, (url, userCode) => ask(deviceInvitation(url, userCode)))
  const tried = device === undefined ? [browser] : [browser, device]
  findings.push(...tried.flatMap(({ findings: more }) => more))
  return tried.flatMap(({ token }) => token ?? [])
}

const invitation = (url: string, { settings }: NamedProvider) =>
  `Open this in a private window, and sign in:\n\n${url}\n\nIt ends at a page of Torhaus, or at an error page of the browser. Paste the whole address of that page${settings.responseMode === 'form_post' ? ', or the form data that was sent there (code=...&state=...)' : ''} here: `

const deviceInvitation = (url: string, userCode: string) =>
  `The way git does it: open this in a private window, check that it shows the code ${printable(userCode)}, and sign in:\n\n${printable(url)}\n\nPress Enter when the page says that you are done: `

/** What comes from the network is shown on a terminal: without what would steer it. */
const printable = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, '')

function chosen(config: Config, name: string | undefined): NamedProvider {
  const all = providersOf(config)
  const found = name === undefined && all.length === 1 ? all[0] : all.find(one => one.name === name)
  if (found !== undefined) return found
  const names = all.map(one => one.name).join(', ')
  throw usageError(
    name === undefined ? `--provider NAME is needed: ${names}` : `${name} is not a provider; choose from: ${names}`,
  )
}

function inWords(
  { name, settings }: NamedProvider,
  redirectUri: string,
  findings: readonly ProviderFinding[],
  tokens: readonly TokenReport[],
): string {
  const lines = findings.map(({ option, message }) => `${option}: ${message}\n`)
  const head = `${name}: ${settings.issuer}, redirect URI ${redirectUri}\n${tokens.map(tokenInWords).join('')}`
  return findings.length === 0
    ? `${head}a sign-in can begin here, and its code can be exchanged for tokens\n`
    : head + lines.join('')
}

function tokenInWords({ from, token, claims, account, rules, byPolicy, ...how }: TokenReport): string {
  const values = (['acr', 'acrs', 'amr', 'authTime'] as const)
    .map(name => `${name} ${how[name] === undefined ? 'missing' : JSON.stringify(how[name])}`)
    .join(', ')
  const lines = [
    `${token} of the ${from}: ${claims.join(', ')}`,
    `  ${values}${byPolicy === true ? ', by policyGuaranteesFactor' : ''}; account ${account ?? 'none'}`,
    ...rules.map(({ rule, verdict }) => `  rule ${rule}: ${verdict}`),
  ]
  return `${lines.map(printable).join('\n')}\n`
}
