import type { NamedProvider } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../clock.ts'
import { toFault } from '../errors.ts'
import { accountNames } from '../identity/account-key.ts'
import { checkOp, type OpCheckParts } from '../oidc/op-check.ts'
import type { Finding } from '../oidc/op-findings.ts'
import { redirectUriOf } from '../oidc/redirect-uri.ts'
import { refusedSignIn, signInFindings } from '../oidc/sign-in-findings.ts'
import { beginTriedSignIn } from '../oidc/tried-sign-in.ts'
import { newOpaqueId } from '../session/opaque-id.ts'
import { openProviders } from './open-providers.ts'

/** `option`: where it stands in the file. */
export type ProviderFinding = Omit<Finding, 'option'> & { readonly option: string }

/** What a sign-in would meet at that OP of the configuration. */
export async function checkProvider(config: Config, one: NamedProvider, now: Clock): Promise<ProviderFinding[]> {
  return inFile(one, await checkOp(partsOf(config, one, now)))
}

/** Shows a person where to sign in, and is given the address where their browser ended. */
export type SendToOp = (url: string) => Promise<string>

/** What the tokens of a person lack, who signs in for that. */
export async function trySignIn(
  config: Config,
  one: NamedProvider,
  now: Clock,
  send: SendToOp,
): Promise<ProviderFinding[]> {
  const parts = partsOf(config, one, now)
  const { secondFactor } = config
  const askedAtMs = now()
  const { url, finish } = await beginTriedSignIn(parts, secondFactor.maxAgeSeconds)
  const claims = await finish(await send(url)).catch((error: unknown) => toFault(error))
  if (claims instanceof Error) return inFile(one, [refusedSignIn(claims, one.settings)])
  return inFile(one, signInFindings(parts.op, secondFactor, claims, askedAtMs, now()))
}

function partsOf(config: Config, one: NamedProvider, now: Clock): OpCheckParts {
  const op = openProviders(config, accountNames(undefined, config), now).named(one.name)
  if (op === undefined) throw new TypeError(`${one.name} is no provider of the configuration`)
  return { op, redirectUri: redirectUriOf(config, one), now, newId: newOpaqueId }
}

const BESIDE = ['account', 'publicUrl', 'secondFactor']

const inFile = ({ path }: NamedProvider, found: readonly Finding[]): ProviderFinding[] =>
  found.map(({ option, ...rest }) => ({ ...rest, option: BESIDE.includes(option) ? option : `${path}.${option}` }))
