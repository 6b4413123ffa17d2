/** Opens the configured OPs, and maps the accounts that each may vouch for. */
import type { LookupFunction } from 'node:net'
import { asksForGroups } from '../../config/group-rules.ts'
import { linearPattern } from '../../config/linear-pattern.ts'
import { type NamedProvider, providersOf } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import { after } from '../awaitable.ts'
import type { Clock } from '../clock.ts'
import type { AccountNames } from '../identity/account-key.ts'
import type { OutgoingSpans } from '../observability/outgoing-spans.ts'
import { AccessTokenVerifier } from '../oidc/access-token.ts'
import { type AccessTokens, accessTokensByIssuer } from '../oidc/access-tokens.ts'
import { type AccountMapper, accountMapperFor } from '../oidc/account.ts'
import type { OpFetch } from '../oidc/op-fetch.ts'
import { type Op, Ops } from '../oidc/ops.ts'
import { OpenIdProvider } from '../oidc/provider.ts'
import { callbackPathOf } from '../oidc/redirect-uri.ts'

type AccountSpellings = Pick<AccountNames, 'spellingsOf' | 'resolve'>

type Needs = Pick<Config, 'account' | 'groups' | 'oidc' | 'providers' | 'secondFactor'>

interface Asking {
  readonly lookup: LookupFunction
  readonly spans: OutgoingSpans | undefined
}

export function openProviders(
  config: Needs,
  names: AccountSpellings,
  now: Clock,
  { lookup, spans }: Partial<Asking> = {},
): Ops {
  const watched = spans && ((fetch: OpFetch) => spans.asking('op', fetch))
  const named = providersOf(config)
  const ops = named.map(
    (one): Op => ({
      ...{ name: one.name, settings: one.settings },
      provider: new OpenIdProvider(one.settings, now, { watched, lookup }),
      callbackPath: callbackPathOf(one),
      mapAccount: ownAccounts(config, one, one.settings.idToken.accountTemplate, names),
      accountTemplate: one.settings.idToken.accountTemplate ?? config.account.template,
      mayHave: accountMatcher(one, names),
    }),
  )
  return new Ops(ops, config.oidc !== undefined)
}

/** Undefined if no OP's access tokens are accepted. */
export function openAccessTokens(
  config: Needs,
  ops: Ops,
  names: AccountSpellings,
  now: Clock,
): AccessTokens | undefined {
  const readsGroups = asksForGroups(config)
  const verifiers = providersOf(config).flatMap(one => {
    const { bearer, accessToken, issuer, issuerAliases } = one.settings
    const keys = ops.named(one.name)?.provider.keys
    if (bearer === undefined || keys === undefined) return []
    const mapAccount = ownAccounts(config, one, accessToken.accountTemplate, names)
    const verifier = new AccessTokenVerifier({ ...one.settings, bearer, readsGroups }, keys, mapAccount, now)
    return [issuer, ...issuerAliases].map(name => [name, verifier] as const)
  })
  const [first] = verifiers
  if (first === undefined) return undefined
  return ops.only === undefined ? accessTokensByIssuer(new Map(verifiers)) : first[1]
}

function accountMatcher(
  { settings: { accounts } }: NamedProvider,
  { spellingsOf }: Pick<AccountSpellings, 'spellingsOf'>,
) {
  const pattern = accounts === undefined ? undefined : linearPattern(accounts, { matches: 'whole', ignoresCase: true })
  return (account: string) => pattern === undefined || spellingsOf(account).some(spelling => pattern.test(spelling))
}

/**
 * Maps claims to accounts that belong to this OP. With several OPs, a person of one never gets the account of somebody
 * at another, in any spelling, unless the configuration says that they are the same person.
 */
function ownAccounts(
  config: Needs,
  one: NamedProvider,
  template: string | undefined,
  { spellingsOf, resolve }: AccountSpellings,
): AccountMapper {
  const mapAccount = accountMapperFor(config.account, template)
  const all = providersOf(config)
  const matcher = (each: NamedProvider) => accountMatcher(each, { spellingsOf })
  const isOwn = matcher(one)
  const others = config.account.fromSeveralProviders ? [] : all.filter(other => other.name !== one.name).map(matcher)
  const isTheirs = (account: string) => others.some(isOthers => isOthers(account))
  return claims => {
    const named = mapAccount(claims)
    if (named === undefined || isTheirs(named)) return undefined
    // Either name may match this OP's accounts; neither may match another's.
    return after(resolve(named), account =>
      account !== undefined && !isTheirs(account) && (isOwn(named) || isOwn(account)) ? account : undefined,
    )
  }
}
