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

/** All names of a person, and the key under which everything about them is stored. */
export interface AccountNames {
  /**
   * One spelling per account, so that the names used by tickets, passwords, the OP, the origin server and operators
   * can be compared.
   */
  readonly keyOf: AccountKeyOf
  /** All names of the account, for rules that name it, which handle letter case themselves. */
  readonly spellingsOf: (account: string) => readonly string[]
  /** Its key, and those that earlier versions or other settings may have used for it. */
  readonly keysOf: (account: string) => readonly AccountKey[]
  /**
   * The account that a name stands for: the directory's own name if it is a UPN of `kerberos.upnSuffixes`, otherwise
   * the name itself. Undefined if nobody has it. Throws the fault of a KDC that does not respond.
   */
  readonly resolve: (account: string) => Awaitable<string | undefined>
  /**
   * The name without its domain, if nothing says which domain is Torhaus' own: perhaps the same person, perhaps not.
   * Undefined if there is no doubt.
   */
  readonly perhaps: (account: string) => string | undefined
}

/** Uses principals if there is a directory; without one, or for a name that is no principal, `domainNames`. */
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
    // Accepts each name of the domain in both notations; the directory itself takes only CORP\carol and carol@REALM.
    const name = domain !== undefined && ofOurs.has(asciiLower(domain)) ? user : account
    return principalOrNone(() => directory.principalOf(name))
  }
  const userOf = (account: string) => {
    if (directory === undefined) return ours.userOf(account)
    const principal = principalOf(account)
    const at = principal?.lastIndexOf('@')
    // A principal of another realm is not an account here, whatever precedes the @.
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
      // Throws for faults of the KDC; otherwise the directory has no such account, or it may not sign in.
      delegationCode(error)
      return undefined
    }
  }
  const resolve = (account: string) => {
    let found: Awaitable<CanonicalPrincipal> | undefined
    try {
      found = directory?.resolve(account)
    } catch (error) {
      // Not a name in this directory; it is refused where its account is needed.
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

/** Looked up for every request of a person; names longer than `maxLength` are not kept. */
const REMEMBERED = { capacity: 4096, maxLength: 256 }

/** Older keys used the OP's spelling of the account, which is not recorded. */
function inEveryCase(name: string): string[] {
  const lower = asciiLower(name)
  return [name, lower, asciiUpper(name), `${asciiUpper(lower.slice(0, 1))}${lower.slice(1)}`]
}
