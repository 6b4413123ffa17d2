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
    'nobody is delegated, and no password is checked',
    'kerberos.servicePrincipal',
  ],
  'own-name': ['there is no ticket for', 'browsers get none either: Negotiate fails', 'kerberos.acceptPrincipal'],
  'target-name': ['there is no ticket for', 'nobody reaches the server', 'upstream.identity.kerberos.targetPrincipal'],
  'protocol-transition': ['Torhaus gets no ticket in the name of', 'nobody is delegated', 'kerberos.servicePrincipal'],
  'other-account': [
    'the directory has another account in mind than',
    'requests of that name are refused (identity-mismatch)',
    'kerberos.upnSuffixes',
  ],
  protected: [
    'Torhaus does not act in the name of',
    'requests of that account are refused (delegation-refused); it says nothing of others',
    'kerberos.servicePrincipal',
  ],
  'not-forwardable': [
    'Torhaus gets a ticket that it may not pass on in the name of',
    'nobody is delegated',
    'kerberos.servicePrincipal',
  ],
  delegation: [
    'Torhaus may not act in the name of others towards',
    'nobody is delegated',
    'upstream.identity.kerberos.targetPrincipal',
  ],
  'their-kdcs': ['no KDC answers of the realm', 'its people are not let in by password', 'kerberos.trustedRealms'],
  trust: ['our KDC gives no ticket for the realm', 'its people are not delegated', 'kerberos.trustedRealms'],
  'their-keys': [
    'its KDCs do not take our tickets for the realm',
    'its people are not delegated',
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
  6: 'the directory has no such account: look at the spelling, case included',
  7: 'nobody has this SPN: setspn -S SPN ACCOUNT (Samba: samba-tool spn add)',
  8: 'two accounts have this SPN: setspn -X finds them, setspn -D takes it from one',
  12: 'the policy of the directory forbids it: look at logon hours and restrictions of the account',
  14: 'the account has no AES keys: msDS-SupportedEncryptionTypes 24, then set its password again',
  18: 'the account is disabled or locked: enable it',
  23: 'the password of the account has expired: set one that does not, and export the keytab anew',
  24: 'the key is that of an older password: export the keytab anew, after its last change',
  37: 'the clocks differ by more than five minutes: let this machine be set by the domain controllers',
}

const BY_STEP: Readonly<Partial<Record<Step, string>>> = {
  'other-account':
    'name the account by its sAMAccountName; where names from the OP are UPNs that differ from it, make accounts of a claim that has it (account.template)',
  protected:
    'for administrators it is meant to be so: try another with --account; or take the account out of Protected Users, or that mark from it',
  'not-forwardable':
    'trust the account for delegation with any authentication protocol (TRUSTED_TO_AUTH_FOR_DELEGATION); somebody in Protected Users, or marked as sensitive, never can be: try another with --account',
  delegation:
    'name the SPN of the server in msDS-AllowedToDelegateTo of the account, or the account in msDS-AllowedToActOnBehalfOfOtherIdentity of the account that has the SPN; somebody in Protected Users, or marked as sensitive, never can be: try another with --account',
}

/** Whatever the code: those of BY_CODE are about an account. */
const BY_REALM: Readonly<Partial<Record<Step, string>>> = {
  'their-kdcs':
    'look at its kdcs, at krb5.conf or the DNS record _kerberos._tcp of the realm, and at firewalls: TCP port 88',
  trust:
    'look whether the trust is there, and in both directions: we have to be known there, too; the realm is written in capitals in Active Directory',
  'their-keys': 'the two sides of the trust have different keys: reset it on both sides, with one password',
}

const NO_ANSWER =
  'look at kerberos.kdcs, krb5.conf or the DNS record _kerberos._tcp of the realm, and at firewalls: TCP port 88'

function remedyOf(step: Step, code: number | undefined): string {
  const ofRealm = BY_REALM[step]
  if (ofRealm !== undefined) return ofRealm
  if (code === undefined) return BY_STEP[step] ?? NO_ANSWER
  return BY_CODE[code] ?? BY_STEP[step] ?? 'look the code up in RFC 4120 7.5.9, and into the log of the KDC'
}
