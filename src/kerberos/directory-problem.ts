/** What is wrong with the directory, or with our account in it, in words for the operator. */
export interface DirectoryProblem {
  readonly what: string
  readonly why: string
  readonly remedy: string
  readonly option: string
  readonly severity: 'error' | 'warning'
}

/** What was tried. */
type Step =
  | 'sign-in'
  | 'own-name'
  | 'target-name'
  | 'protocol-transition'
  | 'other-account'
  | 'protected'
  | 'not-forwardable'
  | 'delegation'
  | 'their-kdcs'
  | 'trust'
  | 'their-keys'

export interface Failure {
  /** RFC 4120 7.5.9; undefined: the KDC did not answer, or is not believed. */
  readonly code: number | undefined
  readonly words: string
}

const TRIED: Readonly<Record<Step, readonly [what: string, why: string, option: string]>> = {
  'sign-in': [
    'Torhaus cannot sign in as',
    'no account can be delegated, and no password can be checked',
    'kerberos.servicePrincipal',
  ],
  'own-name': ['there is no ticket for', 'browsers get none either, so Negotiate fails', 'kerberos.acceptPrincipal'],
  'target-name': [
    'there is no ticket for',
    'no account can be delegated to the server',
    'upstream.identity.kerberos.targetPrincipal',
  ],
  'protocol-transition': [
    'Torhaus gets no ticket on behalf of',
    'no account can be delegated',
    'kerberos.servicePrincipal',
  ],
  'other-account': [
    'the directory names another account for',
    'requests with that name are refused (identity-mismatch)',
    'kerberos.upnSuffixes',
  ],
  protected: [
    'Torhaus may not act on behalf of',
    'requests of that account are refused (delegation-refused); other accounts may work',
    'kerberos.servicePrincipal',
  ],
  'not-forwardable': [
    'Torhaus gets a non-forwardable ticket on behalf of',
    'no account can be delegated',
    'kerberos.servicePrincipal',
  ],
  delegation: [
    'Torhaus may not delegate to',
    'no account can be delegated',
    'upstream.identity.kerberos.targetPrincipal',
  ],
  'their-kdcs': [
    'no KDC answers for the realm',
    'people from it cannot sign in with a password',
    'kerberos.trustedRealms',
  ],
  trust: ['our KDC issues no ticket for the realm', 'accounts from it cannot be delegated', 'kerberos.trustedRealms'],
  'their-keys': [
    'its KDCs do not accept our tickets for the realm',
    'accounts from it cannot be delegated',
    'kerberos.trustedRealms',
  ],
}

/** What was asked for, or why there is none: refused, by its code (RFC 4120 7.5.9), or without an answer. */
export async function attempt<T extends object>(ask: () => Promise<T>): Promise<T | Failure> {
  try {
    return await ask()
  } catch (error) {
    const { errorCode: code, message } = error as { readonly errorCode?: number; readonly message: string }
    return { code, words: message }
  }
}

/** `about`: the principal, or the realm. */
export function directoryProblem(step: Step, failure: Failure, about: string): DirectoryProblem {
  const [tried, why, option] = TRIED[step]
  const { code, words } = failure
  const answer = code === undefined ? words : `the KDC says ${code}`
  return { what: `${tried} ${about}: ${answer}`, why, remedy: remedyOf(step, code), option, severity: 'error' }
}

const BY_CODE: Readonly<Record<number, string>> = {
  6: 'the directory has no such account: check the spelling, including case',
  7: 'no account has this SPN: add it with setspn -S SPN ACCOUNT (Samba: samba-tool spn add)',
  8: 'two accounts have this SPN: find them with setspn -X, and remove it from one with setspn -D',
  12: 'the policy of the directory forbids it: check the logon hours and restrictions of the account',
  14: 'the account has no AES keys: set msDS-SupportedEncryptionTypes to 24, then set its password again',
  18: 'the account is disabled or locked: enable it',
  23: 'the password of the account has expired: set one that does not expire, and export the keytab again',
  24: 'the key is from an older password: export the keytab again',
  37: 'the clocks differ by more than five minutes: synchronize this machine with the domain controllers',
}

const BY_STEP: Readonly<Partial<Record<Step, string>>> = {
  'other-account':
    'use the sAMAccountName of the account; if the OP sends UPNs that differ from it, use a claim with the sAMAccountName in account.template',
  protected:
    'for administrators this is intended: try another account with --account, or remove the account from Protected Users or clear its "sensitive" flag',
  'not-forwardable':
    'trust the account for delegation with any authentication protocol (TRUSTED_TO_AUTH_FOR_DELEGATION); accounts in Protected Users or marked as sensitive can never be delegated: try another with --account',
  delegation:
    'add the SPN of the server to msDS-AllowedToDelegateTo of the account, or add the account to msDS-AllowedToActOnBehalfOfOtherIdentity of the account with the SPN; accounts in Protected Users or marked as sensitive can never be delegated: try another with --account',
}

/** Whatever the code: those of BY_CODE are about an account. */
const BY_REALM: Readonly<Partial<Record<Step, string>>> = {
  'their-kdcs': 'check its kdcs, krb5.conf or the DNS record _kerberos._tcp of the realm, and firewalls (TCP port 88)',
  trust:
    'check that the trust exists in both directions, because that realm must know ours, too; Active Directory writes realms in upper case',
  'their-keys': 'the two sides of the trust have different keys: reset it on both sides, with the same password',
}

const NO_ANSWER =
  'check kerberos.kdcs, krb5.conf or the DNS record _kerberos._tcp of the realm, and firewalls (TCP port 88)'

function remedyOf(step: Step, code: number | undefined): string {
  const ofRealm = BY_REALM[step]
  if (ofRealm !== undefined) return ofRealm
  if (code === undefined) return BY_STEP[step] ?? NO_ANSWER
  return BY_CODE[code] ?? BY_STEP[step] ?? 'look up the code in RFC 4120 7.5.9, and check the log of the KDC'
}
