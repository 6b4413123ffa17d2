import type { Config } from '../../config/schema.ts'
import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import { asciiLower, asciiUpper } from '../ascii-case.ts'
import type { Awaitable } from '../awaitable.ts'
import { remembered } from '../bounded-map.ts'
import type { CanonicalPrincipal } from '../kerberos/canonical-principal.ts'
import type { Directory } from '../kerberos/directory.ts'
import { delegationCode } from '../kerberos/kerberos-code.ts'
import { KerberosError, principalOrNone } from '../kerberos/kerberos-error.ts'
import { domainNames, split } from './account-names.ts'
import { principalAccount } from './principal-account.ts'

/** Every name of a person, and the one under which everything is kept. */
export interface AccountNames {
  /**
   * One spelling per account, so that what a ticket, a password, the OP, the server and an operator call a person can
   * be compared.
   */
  readonly keyOf: AccountKeyOf
  /** All names of the account, for rules that name it; letter case is left to them. */
  readonly spellingsOf: (account: string) => readonly string[]
  /** Its key, and those under which versions before this one, or other settings, may have kept it. */
  readonly keysOf: (account: string) => readonly AccountKey[]
  /**
   * The account that a name is kept as: the directory's own name where it is a UPN of `kerberos.upnSuffixes`, otherwise the
   * name. Undefined where it is nobody's. Throws the fault of a KDC that does not answer.
   */
  readonly resolve: (account: string) => Awaitable<string | undefined>
  /**
   * The name without its domain, where nothing says which domain is ours: perhaps the same person, perhaps not.
   * Undefined where that is known.
   */
  readonly perhaps: (account: string) => string | undefined
}

/** The principal where there is a directory; without one, or for a name that is no principal, as `domainNames` says. */
export function accountNames(
  directory: Pick<Directory, 'principalOf' | 'resolve'> | undefined,
  { account: settings, kerberos }: Pick<Config, 'account' | 'kerberos'>,
): AccountNames {
  const ours = domainNames(settings)
  const ofDirectory = [kerberos?.netbiosDomain, kerberos?.realm].filter(name => name !== undefined)
  const domains = directory === undefined ? ours.domains : ofDirectory
  const ofOurs = new Set(ofDirectory.map(asciiLower))
  const principalOf = (account: string) => {
    if (directory === undefined) return undefined
    const { user, domain } = split(account)
    // Each name of the domain in each notation: the directory itself takes CORP\carol and carol@REALM only.
    const name = domain !== undefined && ofOurs.has(asciiLower(domain)) ? user : account
    return principalOrNone(() => directory.principalOf(name))
  }
  const userOf = (account: string) => {
    if (directory === undefined) return ours.userOf(account)
    const principal = principalOf(account)
    const at = principal?.lastIndexOf('@')
    // Of another realm it is nobody of ours, whatever stands before the @.
    return principal?.slice((at ?? 0) + 1) === kerberos?.realm ? principal?.slice(0, at) : undefined
  }
  // No principal is among names in lower case that are none: what makes it none does not depend on case.
  const canonical = (account: string) =>
    directory === undefined ? ours.canonical(account) : (principalOf(account) ?? asciiLower(account))
  const spellingsOf = (account: string) => {
    const user = userOf(account)
    return user === undefined ? [account] : [account, ...namesOf(user, domains)]
  }
  const olderKeysOf = (account: string) => {
    if (directory !== undefined) return [account]
    const user = userOf(account)
    if (user === undefined) return [account, ...inEveryCase(account)]
    return [account, ...inEveryCase(user).flatMap(name => namesOf(name, domains.flatMap(inEveryCase)))]
  }
  const asked = async (answer: Promise<CanonicalPrincipal>) => {
    try {
      return principalAccount(await answer, settings, kerberos?.realm ?? '')
    } catch (error) {
      // Throws for trouble; what is left is that the directory knows nobody of that name, or nobody who may sign in.
      delegationCode(error)
      return undefined
    }
  }
  const resolve = (account: string) => {
    let found: Awaitable<CanonicalPrincipal> | undefined
    try {
      found = directory?.resolve(account)
    } catch (error) {
      // No name of this directory: refused where its account is needed.
      if (!(error instanceof KerberosError)) throw error
    }
    return found instanceof Promise ? asked(found) : account
  }
  return {
    resolve,
    keyOf: remembered(account => canonical(account) as AccountKey, REMEMBERED),
    spellingsOf,
    keysOf: account => [...new Set([canonical(account), ...olderKeysOf(account)])] as AccountKey[],
    perhaps(account) {
      const { user, domain } = split(account)
      return domain === undefined || directory !== undefined || domains.length > 0 ? undefined : user
    },
  }
}

const namesOf = (user: string, domains: readonly string[]) => [
  user,
  ...domains.flatMap(domain => [`${domain}\\${user}`, `${user}@${domain}`]),
]

/** Asked for with every request of a person; what nobody is called is not kept. */
const REMEMBERED = { capacity: 4096, maxLength: 256 }

/** Keys were spelled as the OP spelled the account, which nobody remembers. */
function inEveryCase(name: string): string[] {
  const lower = asciiLower(name)
  return [name, lower, asciiUpper(name), `${asciiUpper(lower.slice(0, 1))}${lower.slice(1)}`]
}
