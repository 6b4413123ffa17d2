import type { NamedProvider } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../clock.ts'
import { toFault } from '../errors.ts'
import { accountNames } from '../identity/account-key.ts'
import { accessTokenFinding, claimsOf } from '../oidc/access-token-findings.ts'
import { checkOp, type OpCheckParts } from '../oidc/op-check.ts'
import type { Finding } from '../oidc/op-findings.ts'
import { redirectUriOf } from '../oidc/redirect-uri.ts'
import { signInEvidence } from '../oidc/sign-in-evidence.ts'
import { refusedSignIn, tokenFindings } from '../oidc/sign-in-findings.ts'
import { beginTriedDevice } from '../oidc/tried-device.ts'
import { beginTriedSignIn } from '../oidc/tried-sign-in.ts'
import { type TokenReport, type TriedToken, tokenReport } from '../oidc/tried-token.ts'
import { newOpaqueId } from '../session/opaque-id.ts'
import { openAccessTokens, openProviders } from './open-providers.ts'

/** `option`: its path in the configuration file. */
export type ProviderFinding = Omit<Finding, 'option'> & { readonly option: string }

/** What a sign-in at that OP of the configuration would encounter. */
export async function checkProvider(config: Config, one: NamedProvider, now: Clock): Promise<ProviderFinding[]> {
  return inFile(one, await checkOp(partsOf(config, one, now)))
}

/** The result of a sign-in made by a person. */
export interface Tried {
  /** Undefined: Torhaus accepted no token. */
  readonly token?: TokenReport
  readonly findings: ProviderFinding[]
}

/** Sends a person to the OP. Resolves to the URL at which their browser ended, or to the submitted form. */
export type SendToOp = (url: string) => Promise<string>

/** A sign-in in the browser, of the kind that opens a session. */
export async function trySignIn(config: Config, one: NamedProvider, now: Clock, send: SendToOp): Promise<Tried> {
  const parts = partsOf(config, one, now)
  const { secondFactor } = config
  const askedAtMs = now()
  const { url, finish } = await beginTriedSignIn(parts, secondFactor.maxAgeSeconds)
  const claims = await finish(await send(url)).catch((error: unknown) => toFault(error))
  if (claims instanceof Error) return { findings: inFile(one, [refusedSignIn('sign-in', claims, one.settings)]) }
  const { mapAccount, accountTemplate } = parts.op
  const evidence = signInEvidence(one.settings, secondFactor, claims, askedAtMs, now())
  return judged(
    config,
    one,
    now,
    { kind: 'sign-in', claims, evidence, account: await mapAccount(claims) },
    accountTemplate,
  )
}

/** Shows a person where to sign in, and the user code. Resolves once they say that they have. */
export type ShowCode = (url: string, userCode: string) => Promise<unknown>

/** A sign-in by device authorization (RFC 8628), of the kind used by git. Undefined if the OP does not offer it. */
export async function tryDevice(
  config: Config,
  one: NamedProvider,
  now: Clock,
  show: ShowCode,
): Promise<Tried | undefined> {
  const parts = partsOf(config, one, now)
  const refused = (error: unknown) => inFile(one, [refusedSignIn('device', toFault(error), one.settings)])
  const device = await beginTriedDevice(parts).catch((error: unknown) => ({ findings: refused(error) }))
  if (device === undefined || 'findings' in device) return device
  await show(device.url, device.userCode)
  const token = await device.finish().catch((error: unknown) => ({ findings: refused(error) }))
  if (typeof token !== 'string') return token
  const accessTokens = openAccessTokens(config, parts.ops, parts.names, now)
  const verdict = (await accessTokens?.verify(token)) ?? { refused: 'bearer-disabled' }
  if ('refused' in verdict) return { findings: inFile(one, [accessTokenFinding(token, verdict.refused, one.settings)]) }
  const { evidence, account } = verdict
  const template = one.settings.accessToken.accountTemplate ?? config.account.template
  return judged(config, one, now, { kind: 'device', claims: claimsOf(token), evidence, account }, template)
}

function judged(
  { secondFactor }: Config,
  one: NamedProvider,
  now: Clock,
  tried: TriedToken,
  accountTemplate: string,
): Tried {
  return {
    token: tokenReport(tried, secondFactor, now()),
    findings: inFile(one, tokenFindings(tried, one.settings, accountTemplate, secondFactor, now())),
  }
}

function partsOf(config: Config, one: NamedProvider, now: Clock) {
  const names = accountNames(undefined, config)
  const ops = openProviders(config, names, now)
  const op = ops.named(one.name)
  if (op === undefined) throw new TypeError(`${one.name} is no provider of the configuration`)
  const parts: OpCheckParts = { op, redirectUri: redirectUriOf(config, one), now, newId: newOpaqueId }
  return { ...parts, ops, names }
}

const BESIDE = ['account', 'publicUrl', 'secondFactor']

const inFile = ({ path }: NamedProvider, found: readonly Finding[]): ProviderFinding[] =>
  found.map(({ option, ...rest }) => ({ ...rest, option: BESIDE.includes(option) ? option : `${path}.${option}` }))
