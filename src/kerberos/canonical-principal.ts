import type { Config } from '../../config/schema.ts'
import { asciiLower } from '../ascii-case.ts'
import { KerberosError } from './kerberos-error.ts'

/**
 * A principal in the one spelling this proxy uses: account in lower case, realm as configured. Only
 * `canonicalPrincipal` makes one.
 */
export type CanonicalPrincipal = string & { readonly __canonical: unique symbol }

export type RealmNames = {
  /** Kerberos realm, in upper case as Active Directory has it: `CORP.TEST`. */
  readonly realm: string
  /** The domain's NetBIOS name, for `CORP\alice`. Without it that form is refused. */
  readonly netbiosDomain?: string
}

export type DirectoryNames = RealmNames & {
  /** Whose accounts are people here, too: always by their whole name. */
  readonly trustedRealms?: readonly RealmNames[]
  /** `other.example` of UPNs that the directory resolves; none of them is the realm. */
  readonly upnSuffixes?: readonly string[]
}

/** What the configuration says about names. */
export const directoryNames = ({
  realm,
  netbiosDomain,
  upnSuffixes,
  trustedRealms,
}: NonNullable<Config['kerberos']>): DirectoryNames => ({
  ...{ realm, upnSuffixes, trustedRealms },
  ...(netbiosDomain === undefined ? {} : { netbiosDomain }),
})

/** `ada@other.example` in lower case: an account of the realm, but only the KDC knows which. */
export type UserPrincipalName = string & { readonly __upn: unique symbol }

/** A UPN's part before the @ has 64 characters at most, a sAMAccountName 20 (MS-ADA3 2.222, MS-ADTS 3.1.1.3.4.1). */
const maxAccountCharacters = 64

// Letters and digits of any script, and the marks Windows allows in account names. Left out are those with a meaning in
// Kerberos names (/ \ @ and control characters, RFC 1964 2.1.1) and those no sAMAccountName may hold ("[]:;|=,+*?<>).
const accountPattern =
  /^[\p{L}\p{N}_$!#%&'()^`{}~-](?:[\p{L}\p{M}\p{N}_$!#%&'()^`{}~. -]*[\p{L}\p{M}\p{N}_$!#%&'()^`{}~-])?$/u

/**
 * Converts the name of an account from a client, a token or an IdP to one spelling: `alice`, `CORP\alice`,
 * `alice@corp.test` and `Alice@CORP.TEST` all become `alice@CORP.TEST`.
 *
 * Case: Active Directory compares account names without regard to case but Kerberos echoes the case it was asked with,
 * so the account is converted to lower case (locale independent) and the realm to its configured spelling; otherwise
 * one person would have several caches and limits. Compatibility characters (which NFKC would change, like the Kelvin
 * sign) are refused, because their lower case could be another account.
 *
 * Throws `foreign-realm` for another realm or domain, `principal-malformed` for what cannot be a user account. The
 * message does not repeat the input. Pure.
 */
export function canonicalPrincipal(input: string, directory: DirectoryNames): CanonicalPrincipal {
  const { account, domain } = split(input)
  const known = [directory, ...(directory.trustedRealms ?? [])]
  const found = domain === undefined ? directory : known.find(names => isOf(domain, names))
  if (found === undefined) throw new KerberosError('foreign-realm', 'name')
  return `${canonicalAccount(account)}@${found.realm}` as CanonicalPrincipal
}

/** `alice` and `CORP.TEST`. */
export function partsOfPrincipal(principal: CanonicalPrincipal): { readonly account: string; readonly realm: string } {
  const at = principal.lastIndexOf('@')
  return { account: principal.slice(0, at), realm: principal.slice(at + 1) }
}

/**
 * A UPN with another suffix (MS-ADTS 5.1.1.1.1), in one spelling; undefined for any other name. The part before the @
 * is not an account name, even if there is an account with that name. Throws `principal-malformed`. Pure.
 */
export function userPrincipalName(input: string, { upnSuffixes = [] }: DirectoryNames): UserPrincipalName | undefined {
  if (upnSuffixes.length === 0) return undefined
  const { account, domain } = split(input)
  if (domain?.form !== 'realm') return undefined
  const suffix = asciiLower(domain.name)
  if (!upnSuffixes.some(known => asciiLower(known) === suffix)) return undefined
  return `${canonicalAccount(account)}@${suffix}` as UserPrincipalName
}

function canonicalAccount(account: string): string {
  const lower = account.toLowerCase()
  const wellFormed =
    account.length <= maxAccountCharacters &&
    // The lower case of I with a dot above is two characters, and another account may be called that.
    lower.length === account.length &&
    account.normalize('NFKC') === account &&
    accountPattern.test(account)
  if (!wellFormed) throw new KerberosError('principal-malformed', 'name')
  return lower
}

type Parts = {
  readonly account: string
  readonly domain?: { readonly form: 'netbios' | 'realm'; readonly name: string }
}

function split(input: string): Parts {
  const backslash = input.indexOf('\\')
  if (backslash >= 0) {
    return { domain: { form: 'netbios', name: input.slice(0, backslash) }, account: input.slice(backslash + 1) }
  }
  const at = input.lastIndexOf('@')
  if (at < 0) return { account: input }
  return { domain: { form: 'realm', name: input.slice(at + 1) }, account: input.slice(0, at) }
}

function isOf({ form, name }: NonNullable<Parts['domain']>, { realm, netbiosDomain }: RealmNames): boolean {
  const expected = form === 'realm' ? realm : netbiosDomain
  return expected !== undefined && asciiLower(name) === asciiLower(expected)
}
