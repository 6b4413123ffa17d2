/** Rules that decide nothing: whoever wrote them believes that they do. */
import { isLenient } from './lenient-rule.ts'
import { fitsEveryPath } from './linear-pattern.ts'
import { providersOf } from './providers.ts'
import type { Config } from './schema.ts'

type Rule = Config['secondFactor']['rules'][number]
type When = Rule['when']
type Needs = Pick<Config, 'credentials' | 'kerberos' | 'listener' | 'oidc' | 'providers' | 'secondFactor'>

export function ruleWarnings(config: Needs): string[] {
  const { rules } = config.secondFactor
  const unknown = schemesOfNobody(config)
  const ofRules = rules.flatMap((rule, index) => {
    const { when } = rule
    const at = `secondFactor.rules[${index}]`
    const above = rules.slice(0, index).find(earlier => takesAllOf(earlier, rule))
    const warnings: string[] = []
    if (letsAnybodyPass(rule))
      warnings.push(`${at}.when.path: matches every path, so everyone passes without credentials`)
    if (above !== undefined)
      warnings.push(`${at}: is never reached: ${above.name}, above it, matches everything that it matches`)
    const needed = when.schemes.flatMap(scheme => unknown.get(scheme) ?? [])
    if (needed.length > 0 && needed.length === when.schemes.length)
      warnings.push(`${at}.when.schemes: never matches without ${needed.join(' or ')}`)
    if (when.path !== undefined && beginsWithoutSlash(when.path))
      warnings.push(`${at}.when.path: never matches, because it must match the whole path, which begins with a slash`)
    return warnings
  })
  return [...ofRules, ...factorWarnings(config.secondFactor)]
}

/** What says of a sign-in that it was by one factor, or by none (RFC 8176 2). */
const ONE_FACTOR = ['pwd', 'kba', 'geo', 'rba', 'user', 'wia']

function factorWarnings({ acceptAcr, acceptAmr, rules }: Config['secondFactor']): string[] {
  const acrs = [
    ...acceptAcr.map((value, at) => [`acceptAcr[${at}]`, value] as const),
    ...rules.flatMap(({ acceptAcr: own = [] }, index) =>
      own.map((value, at) => [`rules[${index}].acceptAcr[${at}]`, value] as const),
    ),
  ]
  return [
    ...acceptAmr.flatMap((value, at) =>
      ONE_FACTOR.includes(value)
        ? [
            `secondFactor.acceptAmr[${at}]: ${value} is not a second factor (RFC 8176 2), so people pass with one factor; if the OP requires two factors from everyone, use policyGuaranteesFactor instead`,
          ]
        : [],
    ),
    ...acrs.flatMap(([option, value]) =>
      value === '0'
        ? [`secondFactor.${option}: 0 means that a sign-in must not be used for anything of value (OIDC Core 2, acr)`]
        : [],
    ),
  ]
}

/** What nobody can show here, with the option that would change it. */
function schemesOfNobody(config: Needs): ReadonlyMap<When['schemes'][number], string> {
  const { credentials, kerberos, listener } = config
  const takes = {
    basic: ['kerberos.passwords.accept', kerberos?.passwords.accept === true],
    negotiate: ['the section kerberos', kerberos !== undefined],
    bearer: ['oidc.bearer', providersOf(config).some(({ settings }) => settings.bearer !== undefined)],
    pat: ['credentials.personalAccessTokens', credentials.personalAccessTokens.length > 0],
    'server-token': ['credentials.serverTokenIssuers', credentials.serverTokenIssuers.length > 0],
    certificate: [
      'listener.tls.clientCertificates.firstFactor',
      listener.tls?.clientCertificates?.firstFactor === true,
    ],
  } as const
  const schemes = Object.entries(takes) as [keyof typeof takes, readonly [string, boolean]][]
  return new Map(schemes.flatMap(([scheme, [option, isTaken]]) => (isTaken ? [] : [[scheme, option] as const])))
}

/** With no condition but those that anybody fits who sends nothing. */
const letsAnybodyPass = ({ require, when }: Rule) =>
  require === 'nothing' &&
  when.path !== undefined &&
  fitsEveryPath(when.path) &&
  when.networks.length + when.methods.length + when.groups.length === 0 &&
  (when.schemes.length === 0 || when.schemes.includes('none')) &&
  when.account === undefined &&
  when.gitOperation === undefined

/** As far as that can be seen without reading expressions: what fits the later rule, the earlier one has decided. */
function takesAllOf(earlier: Rule, later: Rule): boolean {
  const [wide, narrow] = [earlier.when, later.when]
  if (earlier.reportOnly) return false
  // Of whom nobody knows the groups, a rule that asks for less does not fit, and one that asks for more does.
  if (wide.groups.length > 0 && isLenient(earlier) && !isLenient(later)) return false
  return (
    (wide.path === undefined || wide.path === narrow.path || fitsEveryPath(wide.path)) &&
    (wide.account === undefined || wide.account === narrow.account) &&
    (wide.gitOperation === undefined || wide.gitOperation === narrow.gitOperation) &&
    LISTS.every(list => includesAll(wide[list], narrow[list]))
  )
}

const LISTS = ['methods', 'schemes', 'clientClasses', 'networks', 'groups'] as const

/** An empty list fits all. */
const includesAll = (wide: readonly string[], narrow: readonly string[]) =>
  wide.length === 0 || (narrow.length > 0 && narrow.every(one => wide.includes(one)))

/** A letter or a digit that must be there, and nothing else that might be in its place. */
const beginsWithoutSlash = (path: string) => /^\^?[A-Za-z0-9_]($|[^?*{])/.test(path) && !path.includes('|')
