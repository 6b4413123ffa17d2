import type { KdcRefusal } from './kdc/kdc-refusal.ts'
import type { KerberosErrorCode, KerberosOperation } from './kerberos-error.ts'
import { NT_STATUS } from './protocol/nt-status.ts'

type Rule = KerberosErrorCode | Partial<Record<KerberosOperation, KerberosErrorCode>>

/** A ticket in the request is no longer accepted: it is obtained anew, with all that were obtained with it. */
const OURS_IS_NO_GOOD = { s4u2self: 'credentials-expired', initiate: 'credentials-expired' } as const

/** Errors about the service of a ticket that Torhaus requests for itself. */
const WE_ARE_THE_SERVICE = {
  s4u2self: 'service-credential-refused',
  'password-proof': 'service-credential-refused',
  'service-credential': 'service-credential-refused',
} as const

/** Errors between realms: that a KDC cannot decrypt a ticket of another realm's says nothing about Torhaus' tickets. */
const BETWEEN_REALMS: Readonly<Record<number, Rule>> = {
  7: { s4u2self: 'foreign-realm' },
  20: 'kdc-reply-invalid',
  31: 'kdc-reply-invalid',
  32: 'kdc-reply-invalid',
  41: 'kdc-reply-invalid',
  44: 'kdc-reply-invalid',
  45: 'kdc-reply-invalid',
}

/** Errors of the protocol: the key is the number of RFC 4120 7.5.9 (with RFC 6806 for 68 and MS-KILE for 29). */
const protocolErrors: Readonly<Record<number, Rule>> = {
  1: 'client-expired', // KDC_ERR_NAME_EXP
  2: { ...WE_ARE_THE_SERVICE, initiate: 'service-unknown' }, // KDC_ERR_SERVICE_EXP
  6: {
    'service-credential': 'service-credential-refused',
    password: 'client-unknown',
    'password-proof': 'client-unknown',
    s4u2self: 'client-unknown',
    // The account of the evidence ticket is gone.
    initiate: 'client-unknown',
  },
  // KDC_ERR_S_PRINCIPAL_UNKNOWN: of Torhaus itself, if its account has no SPN.
  7: { ...WE_ARE_THE_SERVICE, initiate: 'service-unknown' },
  9: { password: 'client-disabled', 'service-credential': 'service-credential-refused' }, // KDC_ERR_NULL_KEY
  12: {
    // KDC_ERR_POLICY: Samba's answer for a disabled account in S4U2self; AD's for logon restrictions, and for accounts
    // that may not have a ticket for a service (selective authentication, silos).
    s4u2self: 'client-disabled',
    password: 'client-disabled',
    'password-proof': 'client-disabled',
    initiate: 'delegation-refused',
    'service-credential': 'service-credential-refused',
  },
  13: { initiate: 'delegation-refused', s4u2self: 'delegation-refused' }, // KDC_ERR_BADOPTION
  14: {
    // KDC_ERR_ETYPE_NOSUPP: no AES keys, of the person, of our own account, or of the server.
    password: 'client-disabled',
    'service-credential': 'service-credential-refused',
    'password-proof': 'service-credential-refused',
    s4u2self: 'service-credential-refused',
    initiate: 'service-unknown',
  },
  18: {
    // KDC_ERR_CLIENT_REVOKED: disabled or locked out.
    password: 'client-disabled',
    'password-proof': 'client-disabled',
    s4u2self: 'client-disabled',
    initiate: 'client-disabled',
    'service-credential': 'service-credential-refused',
  },
  19: { ...WE_ARE_THE_SERVICE, initiate: 'service-unknown' }, // KDC_ERR_SERVICE_REVOKED
  20: 'credentials-expired', // KDC_ERR_TGT_REVOKED
  21: 'client-disabled', // KDC_ERR_CLIENT_NOTYET
  23: { password: 'password-expired', 'service-credential': 'service-credential-refused' }, // KDC_ERR_KEY_EXPIRED
  24: { password: 'password-wrong', 'service-credential': 'service-credential-refused' }, // KDC_ERR_PREAUTH_FAILED
  25: { password: 'password-wrong', 'service-credential': 'service-credential-refused' }, // preauthentication we cannot do
  // KDC_ERR_MUST_USE_USER2USER: Active Directory's answer for a user account without SPN (MS-KILE 3.3.5.7).
  27: { ...WE_ARE_THE_SERVICE, initiate: 'service-unknown' },
  29: 'kdc-unreachable', // KDC_ERR_SVC_UNAVAILABLE
  31: {
    // KRB_AP_ERR_BAD_INTEGRITY: a key does not fit. Without preauthentication, a wrong password looks like this. A
    // ticket that the KDC cannot decrypt is of no use any more: the key that it was made with has changed.
    'password-proof': 'kdc-not-genuine',
    password: 'password-wrong',
    'service-credential': 'service-credential-refused',
    ...OURS_IS_NO_GOOD,
  },
  32: 'credentials-expired', // KRB_AP_ERR_TKT_EXPIRED
  33: 'clock-skew', // KRB_AP_ERR_TKT_NYV
  34: 'replay', // KRB_AP_ERR_REPEAT
  35: { 'password-proof': 'kdc-not-genuine' }, // KRB_AP_ERR_NOT_US
  37: 'clock-skew', // KRB_AP_ERR_SKEW
  41: { 'password-proof': 'kdc-not-genuine', ...OURS_IS_NO_GOOD }, // KRB_AP_ERR_MODIFIED
  44: { 'password-proof': 'kdc-not-genuine', ...OURS_IS_NO_GOOD }, // KRB_AP_ERR_BADKEYVER
  45: { 'password-proof': 'kdc-not-genuine', ...OURS_IS_NO_GOOD }, // KRB_AP_ERR_NOKEY
  // KRB_ERR_GENERIC: MIT's answer to evidence made with an older key of Torhaus, among causes that it does not name.
  60: { initiate: 'credentials-expired' },
  68: 'foreign-realm', // KDC_ERR_WRONG_REALM
}

/** Errors about a person elsewhere, but about Torhaus' own account when that signs in. */
const SAID_OF_OURS: readonly number[] = [1, 21, 68]

/** By the NTSTATUS that Windows and Samba add to an ambiguous error of RFC 4120: the exact code for the general one. */
const SAID_CLOSER: Readonly<Partial<Record<KerberosErrorCode, Readonly<Record<number, KerberosErrorCode>>>>> = {
  'client-disabled': {
    [NT_STATUS.accountLockedOut]: 'client-locked',
    [NT_STATUS.accountExpired]: 'client-expired',
  },
  'password-expired': { [NT_STATUS.passwordMustChange]: 'password-must-change' },
}

/**
 * What a KRB-ERROR with this number means for the operation; `kdc-reply-invalid` if no rule names it. `status`: the
 * NTSTATUS in its data. Pure. Never returns a code that reads as success, and never one that grants anything.
 */
export function classifyKdcError(
  operation: KerberosOperation,
  errorCode: number,
  { status, isBetweenRealms = false }: Partial<Pick<KdcRefusal, 'status' | 'isBetweenRealms'>> = {},
): KerberosErrorCode {
  if (operation === 'service-credential' && SAID_OF_OURS.includes(errorCode)) return 'service-credential-refused'
  const between = isBetweenRealms ? codeIn(BETWEEN_REALMS[errorCode], operation) : undefined
  const code = between ?? codeIn(protocolErrors[errorCode], operation) ?? 'kdc-reply-invalid'
  return (status === undefined ? undefined : SAID_CLOSER[code]?.[status]) ?? code
}

const codeIn = (rule: Rule | undefined, operation: KerberosOperation): KerberosErrorCode | undefined =>
  typeof rule === 'string' ? rule : rule?.[operation]
