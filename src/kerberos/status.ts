import type { KerberosErrorCode, KerberosOperation } from './kerberos-error.ts'

// From GSSAPI's two numbers to one code of ours.
//
// The minor status is exact only under the krb5 mechanism: there it is the com_err code of libkrb5 itself. Under SPNEGO
// the mechglue hands out numbers of its own (100000 and up, in order of first use), which mean nothing; see acceptor.ts
// for how those are resolved.

/** com_err base of libkrb5's table; KDC and AP errors follow by their protocol number (RFC 4120 7.5.9). */
const krb5Base = -1765328384

/** Where the mechglue's own numbers begin. */
const firstSubstitute = 100_000

/** com_err base of libkrb5's ASN.1 errors; the table has fewer than 256 codes, as every com_err table. */
const asn1Base = 1859794432

// Routine errors of RFC 2744 3.9.1, bits 16 to 23 of the major status.
const routineError = (major: number): number => (major >>> 16) & 0xff
const noCredential = 7
const defectiveToken = 9
const defectiveCredential = 10
const credentialsExpired = 11
const contextExpired = 12
/** Supplementary bit: RFC 2744 3.9.1. */
const duplicateToken = 2

type Rule = KerberosErrorCode | Partial<Record<KerberosOperation, KerberosErrorCode>>

/** The keytab cannot open what was presented, or cannot be read. */
const keyMissing: Rule = {
  accept: 'wrong-service-key',
  'password-proof': 'kdc-not-genuine',
  'service-credential': 'service-credential-refused',
}

/** Errors of the protocol: the key is the number of RFC 4120 7.5.9 (with RFC 6806 for 68 and MS-KILE for 29). */
const protocolErrors: Readonly<Record<number, Rule>> = {
  1: 'client-disabled', // KDC_ERR_NAME_EXP
  2: 'service-unknown', // KDC_ERR_SERVICE_EXP
  6: { 'service-credential': 'service-credential-refused', password: 'client-unknown', s4u2self: 'client-unknown' },
  7: { s4u2self: 'foreign-realm', initiate: 'service-unknown', 'password-proof': 'service-unknown' },
  12: {
    // KDC_ERR_POLICY: Samba's answer for a disabled account in S4U2self; AD's for logon restrictions.
    s4u2self: 'client-disabled',
    password: 'client-disabled',
    initiate: 'delegation-refused',
    'service-credential': 'service-credential-refused',
  },
  13: { initiate: 'delegation-refused', s4u2self: 'delegation-refused' }, // KDC_ERR_BADOPTION
  14: { 'service-credential': 'service-credential-refused' }, // KDC_ERR_ETYPE_NOSUPP
  18: {
    // KDC_ERR_CLIENT_REVOKED: disabled or locked out.
    password: 'client-disabled',
    s4u2self: 'client-disabled',
    initiate: 'client-disabled',
    'service-credential': 'service-credential-refused',
  },
  19: 'service-unknown', // KDC_ERR_SERVICE_REVOKED
  20: 'credentials-expired', // KDC_ERR_TGT_REVOKED
  21: 'client-disabled', // KDC_ERR_CLIENT_NOTYET
  23: { password: 'password-expired', 'service-credential': 'service-credential-refused' }, // KDC_ERR_KEY_EXPIRED
  24: { password: 'password-wrong', 'service-credential': 'service-credential-refused' }, // KDC_ERR_PREAUTH_FAILED
  25: { password: 'password-wrong', 'service-credential': 'service-credential-refused' }, // preauthentication we cannot do
  29: 'kdc-unreachable', // KDC_ERR_SVC_UNAVAILABLE
  31: {
    // KRB_AP_ERR_BAD_INTEGRITY: a key that does not fit. Without preauthentication a wrong password shows like this.
    accept: 'wrong-service-key',
    'password-proof': 'kdc-not-genuine',
    password: 'password-wrong',
    'service-credential': 'service-credential-refused',
    s4u2self: 'kdc-reply-invalid',
    initiate: 'kdc-reply-invalid',
  },
  32: 'credentials-expired', // KRB_AP_ERR_TKT_EXPIRED
  33: 'clock-skew', // KRB_AP_ERR_TKT_NYV
  34: 'replay', // KRB_AP_ERR_REPEAT
  35: { accept: 'wrong-service-key', 'password-proof': 'kdc-not-genuine' }, // KRB_AP_ERR_NOT_US
  36: { accept: 'token-defective' }, // KRB_AP_ERR_BADMATCH
  37: 'clock-skew', // KRB_AP_ERR_SKEW
  39: { accept: 'token-defective' }, // KRB_AP_ERR_BADVERSION
  40: { accept: 'token-defective' }, // KRB_AP_ERR_MSG_TYPE
  41: { accept: 'token-defective', 'password-proof': 'kdc-not-genuine' }, // KRB_AP_ERR_MODIFIED
  44: { accept: 'wrong-service-key', 'password-proof': 'kdc-not-genuine' }, // KRB_AP_ERR_BADKEYVER
  45: { accept: 'wrong-service-key', 'password-proof': 'kdc-not-genuine' }, // KRB_AP_ERR_NOKEY
  60: { accept: 'token-defective' }, // KRB_ERR_GENERIC
  68: 'foreign-realm', // KDC_ERR_WRONG_REALM
}

/** Errors libkrb5 finds on its own side: the key is the offset in the same table. */
const libraryErrors: Readonly<Record<number, Rule>> = {
  144: { accept: 'wrong-service-key', 'password-proof': 'kdc-not-genuine' }, // KRB5KRB_AP_WRONG_PRINC
  147: 'kdc-reply-invalid', // KRB5_KDCREP_MODIFIED: the reply does not match the request
  148: 'clock-skew', // KRB5_KDCREP_SKEW
  150: { accept: 'token-defective' }, // KRB5_PROG_ETYPE_NOSUPP: a ticket of an encryption that there is not
  154: 'kdc-unreachable', // KRB5_REALM_UNKNOWN: no KDC is configured or found for the realm
  155: 'service-unknown', // KRB5_SERVICE_UNKNOWN
  156: 'kdc-unreachable', // KRB5_KDC_UNREACH
  163: 'replay', // KRB5_RC_REPLAY
  181: keyMissing, // KRB5_KT_NOTFOUND
  184: keyMissing, // KRB5_KT_IOERR
  188: { accept: 'token-defective' }, // KRB5_BAD_ENCTYPE
  210: { password: 'password-wrong', 'service-credential': 'service-credential-refused' }, // KRB5_PREAUTH_FAILED
  213: keyMissing, // KRB5_KEYTAB_BADVNO
  220: 'kdc-unreachable', // KRB5_REALM_CANT_RESOLVE
  230: keyMissing, // KRB5_KT_KVNONOTFOUND
  235: keyMissing, // KRB5_KT_FORMAT
}

const askKdc: ReadonlySet<KerberosOperation> = new Set(['service-credential', 's4u2self', 'initiate', 'password'])

const ruled = (rule: Rule | undefined, operation: KerberosOperation): KerberosErrorCode | undefined =>
  typeof rule === 'string' ? rule : rule?.[operation]

/** What a KRB-ERROR with this number means for the operation; what no rule names is nonsense of the KDC. */
export const classifyKdcError = (operation: KerberosOperation, errorCode: number): KerberosErrorCode =>
  ruled(protocolErrors[errorCode], operation) ?? 'kdc-reply-invalid'

/**
 * Maps a failed call of the krb5 mechanism. Pure; what no rule names is `internal` (our side) or, where a KDC answered
 * nonsense, `kdc-reply-invalid`. Never returns a code that reads as success, and never one that grants anything.
 *
 * @param minor - as GSSAPI gave it, signed or unsigned
 */
export function classifyStatus(operation: KerberosOperation, major: number, minor: number): KerberosErrorCode {
  const signed = minor | 0
  if (signed >= krb5Base && signed < krb5Base + 256) {
    const offset = signed - krb5Base
    const code = ruled(protocolErrors[offset] ?? libraryErrors[offset], operation)
    if (code !== undefined) return code
    if (askKdc.has(operation) && offset >= 36 && offset <= 60) return 'kdc-reply-invalid'
  }
  const malformed = signed >= asn1Base && signed < asn1Base + 256
  if (malformed && askKdc.has(operation)) return 'kdc-reply-invalid'
  return classifyMajor(operation, major, signed, malformed)
}

function classifyMajor(
  operation: KerberosOperation,
  major: number,
  minor: number,
  malformed: boolean,
): KerberosErrorCode {
  // No reason at all (0, or the number the mechglue puts in its place): the parser stopped. Faults of keytab and replay
  // cache have codes.
  const reasonless = minor === 0 || (minor >= firstSubstitute && minor < firstSubstitute * 2)
  if (operation === 'accept' && (malformed || reasonless)) return 'token-defective'
  if ((major & duplicateToken) !== 0) return 'replay'
  switch (routineError(major)) {
    case defectiveToken:
      return operation === 'accept' ? 'token-defective' : 'internal'
    case credentialsExpired:
    case contextExpired:
      return 'credentials-expired'
    case noCredential:
    case defectiveCredential:
      return operation === 'service-credential' ? 'service-credential-refused' : 'internal'
    default:
      return 'internal'
  }
}
