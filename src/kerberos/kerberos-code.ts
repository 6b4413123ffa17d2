/** What a Kerberos failure means for the exchange it happened in: one code of the error table for each. */
import { causeChain } from '../cause-chain.ts'
import { type Code, Fault } from '../errors.ts'
import { KdcRefusal } from './kdc/kdc-refusal.ts'
import { KerberosError, type KerberosErrorCode } from './kerberos-error.ts'

type Table = Readonly<Partial<Record<KerberosErrorCode, Code>>>

/** The KDC's or our own trouble, whatever was asked of it. */
const TROUBLE: Table = {
  'kdc-unreachable': 'kdc-unreachable',
  'kdc-circuit-open': 'kdc-unreachable',
  'kdc-reply-invalid': 'kdc-reply-invalid',
  'kdc-not-genuine': 'kdc-reply-invalid',
  overloaded: 'kdc-overloaded',
  'service-credential-refused': 'kerberos-misconfigured',
}

/** The same of what a KDC is asked: no fault of who asks, though it would read as a wrong password. */
const TROUBLE_AT_KDC: Table = {
  ...TROUBLE,
  'clock-skew': 'kerberos-misconfigured',
  // A ticket of Torhaus was refused, and the new one as well.
  'credentials-expired': 'kdc-reply-invalid',
  replay: 'kdc-reply-invalid',
}

/** Of somebody who is known already, a name by which the directory finds another one; of a stranger it is a wrong name. */
const TROUBLE_IN_NAME: Table = { ...TROUBLE_AT_KDC, 'identity-mismatch': 'identity-mismatch' }

const ACCEPT: Table = {
  ntlm: 'ntlm-unsupported',
  replay: 'negotiate-replayed',
  'clock-skew': 'negotiate-clock-skew',
  'bindings-mismatch': 'negotiate-unbound',
  'wrong-service-key': 'negotiate-wrong-service',
  'foreign-realm': 'negotiate-foreign-realm',
  'credentials-expired': 'negotiate-expired',
  'client-disabled': 'negotiate-account-disabled',
  'client-locked': 'negotiate-account-locked',
}

// Whether an account exists, or is disabled, is not told to who does not know its password.
const PASSWORD: Table = {
  'password-expired': 'password-expired',
  'password-must-change': 'password-must-change',
  'password-limited': 'password-limited',
}

const DELEGATE: Table = {
  'client-unknown': 'delegation-account-unknown',
  'client-disabled': 'delegation-account-disabled',
  'client-locked': 'delegation-account-locked',
  'client-expired': 'delegation-account-expired',
  'delegation-refused': 'delegation-refused',
  'service-unknown': 'delegation-service-unknown',
  'foreign-realm': 'account-unmapped',
  'principal-malformed': 'account-unmapped',
}

/** The code for a refused Negotiate token; throws a Fault if the client is not at fault. */
export const acceptCode = (error: unknown): Code => codeIn(ACCEPT, TROUBLE, error, 'negotiate-refused')

/** The code for a refused password; throws a Fault if the directory could not be asked. */
export const passwordCode = (error: unknown): Code => codeIn(PASSWORD, TROUBLE_AT_KDC, error, 'password-wrong')

/** The code for an account that cannot be impersonated; throws a Fault for any other failure. */
export const delegationCode = (error: unknown): Code => codeIn(DELEGATE, TROUBLE_IN_NAME, error, undefined)

function codeIn(table: Table, trouble: Table, error: unknown, otherwise: Code | undefined): Code {
  if (!(error instanceof KerberosError)) throw new Fault('internal-error', error)
  const fault = trouble[error.code]
  if (fault !== undefined) throw new Fault(fault, error)
  const code = table[error.code] ?? (error.code === 'internal' ? undefined : otherwise)
  if (code === undefined) throw new Fault('internal-error', error)
  return code
}

/** Details for the log that the code does not contain: step, reason and the KDC's error number. No names, no secrets. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  // The message already contains the KDC's error number.
  return error.cause instanceof KdcRefusal ? error.message : causeChain(error)
}
