/** Whether a sign-in can work at an OP, before anybody tries one. */
import { providersOf } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import { openProviders } from '../app/open-providers.ts'
import { exitCode } from '../exit-codes.ts'
import { accountNames } from '../identity/account-key.ts'
import { checkOp } from '../oidc/op-check.ts'
import type { Finding } from '../oidc/op-findings.ts'
import type { Op } from '../oidc/ops.ts'
import { redirectUriOf } from '../oidc/redirect-uri.ts'
import { newOpaqueId } from '../session/opaque-id.ts'
import { system } from '../system.ts'
import { type Command, configOption, usageError } from './command.ts'
import { configFileOf, readConfig } from './read-config.ts'

export const command: Command = {
  usage: '--config FILE [--provider NAME] [--json]',
  options: {
    ...configOption,
    provider: { value: 'NAME', description: 'which one, as below `providers`; `oidc` for the only one' },
    json: { description: 'prints one JSON object with `findings`, each with `option` and `message`' },
  },
  async run(given, print) {
    const config = readConfig(configFileOf(given), system.environment)
    const op = chosen(config, given.values.provider)
    const { path = op.name, isOnly = true } = providersOf(config).find(({ name }) => name === op.name) ?? {}
    const redirectUri = redirectUriOf(config, { name: op.name, isOnly })
    const found = await checkOp({ op, redirectUri, now: system.now, newId: newOpaqueId })
    const findings = found.map(finding => ({ ...finding, option: optionPath(finding, path) }))
    const { issuer } = op.settings
    if (given.flags.has('json'))
      print(`${JSON.stringify({ provider: op.name, issuer, redirectUri, findings }, null, 2)}\n`)
    else print(inWords(op, redirectUri, findings))
    return findings.length === 0 ? exitCode.done : exitCode.failed
  },
}

function chosen(config: Config, name: string | undefined): Op {
  const { all } = openProviders(config, accountNames(undefined, config), system.now)
  const op = name === undefined && all.length === 1 ? all[0] : all.find(one => one.name === name)
  if (op !== undefined) return op
  const names = all.map(one => one.name).join(', ')
  throw usageError(name === undefined ? `--provider NAME is needed: ${names}` : `${name} is no provider: ${names}`)
}

const optionPath = ({ option }: Finding, path: string) => (option === 'publicUrl' ? option : `${path}.${option}`)

function inWords(
  { name, settings }: Op,
  redirectUri: string,
  findings: readonly { option: string; message: string }[],
) {
  const lines = findings.map(({ option, message }) => `${option}: ${message}\n`)
  const head = `${name}: ${settings.issuer}, redirect URI ${redirectUri}\n`
  return findings.length === 0
    ? `${head}a sign-in can begin here, and its code can be exchanged\n`
    : head + lines.join('')
}
