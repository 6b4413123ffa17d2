import { KdcUnreachable } from './kdc/kdc-exchange.ts'
import { KdcRefusal } from './kdc/kdc-refusal.ts'
import { classifyKdcError } from './kdc-error-table.ts'
import { KerberosError, type KerberosOperation } from './kerberos-error.ts'
import { Krb5Error } from './protocol/krb5-error.ts'

/** Runs one request to the KDC, and converts what it throws to an error with a code. */
export async function codedFailure<T>(operation: KerberosOperation, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw coded(operation, error)
  }
}

function coded(operation: KerberosOperation, error: unknown): unknown {
  if (error instanceof KdcRefusal) {
    const code = classifyKdcError(operation, error.errorCode, error)
    return new KerberosError(code, operation, { text: error.message, cause: error })
  }
  if (error instanceof KdcUnreachable) return new KerberosError('kdc-unreachable', operation, { text: error.message })
  if (error instanceof Krb5Error && error.code === 'realm-unknown')
    return new KerberosError('foreign-realm', operation, { text: error.message })
  // Not to be believed, whatever it was: a key that does not fit, another nonce, no DER.
  if (error instanceof Krb5Error) return new KerberosError('kdc-reply-invalid', operation, { text: error.message })
  return error
}
