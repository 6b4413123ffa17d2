/** Whether a sign-in can work at an OP, before anybody tries one; and what it brings, where somebody does. */
import { type NamedProvider, providersOf } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import { checkProvider, type ProviderFinding, trySignIn } from '../app/check-provider.ts'
import { exitCode } from '../exit-codes.ts'
import { redirectUriOf } from '../oidc/redirect-uri.ts'
import { system } from '../system.ts'
import { type Command, configOption, usageError } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'

export const command: Command = {
  usage: '--config FILE [--provider NAME] [--sign-in] [--json]',
  options: {
    ...configOption,
    provider: { value: 'NAME', description: 'which one, as below `providers`; `oidc` for the only one' },
    'sign-in': { description: 'shows a link to sign in at, and says what the tokens of that sign-in lack' },
    json: { description: 'prints one JSON object with `findings`, each with `option` and `message`' },
  },
  async run(given, print, ask) {
    const config = readConfig(configFileOf(given), system.environment)
    const one = chosen(config, given.values.provider)
    const redirectUri = redirectUriOf(config, one)
    const wantsSignIn = given.flags.has('sign-in')
    if (wantsSignIn && one.settings.responseMode === 'form_post')
      throw usageError('--sign-in needs responseMode query: the answer to form_post stands in no address')
    const findings = await checkProvider(config, one, system.now)
    const canSignIn = wantsSignIn && findings.every(({ check }) => check !== 'discovery')
    if (canSignIn) findings.push(...(await trySignIn(config, one, system.now, url => ask(invitation(url)))))
    const { name: provider, settings } = one
    if (given.flags.has('json'))
      print(`${JSON.stringify({ provider, issuer: settings.issuer, redirectUri, findings }, null, 2)}\n`)
    else print(inWords(one, redirectUri, findings))
    return findings.length === 0 ? exitCode.done : exitCode.failed
  },
}

const invitation = (url: string) =>
  `Open this in a private window, and sign in:\n\n${url}\n\nIt ends at a page of Torhaus, or at none. Paste its whole address here: `

function chosen(config: Config, name: string | undefined): NamedProvider {
  const all = providersOf(config)
  const found = name === undefined && all.length === 1 ? all[0] : all.find(one => one.name === name)
  if (found !== undefined) return found
  const names = all.map(one => one.name).join(', ')
  throw usageError(name === undefined ? `--provider NAME is needed: ${names}` : `${name} is no provider: ${names}`)
}

function inWords({ name, settings }: NamedProvider, redirectUri: string, findings: readonly ProviderFinding[]) {
  const lines = findings.map(({ option, message }) => `${option}: ${message}\n`)
  const head = `${name}: ${settings.issuer}, redirect URI ${redirectUri}\n`
  return findings.length === 0
    ? `${head}a sign-in can begin here, and its code can be exchanged\n`
    : head + lines.join('')
}
