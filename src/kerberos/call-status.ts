import { KerberosError, type KerberosOperation } from './kerberos-error.ts'
import type { Gssapi } from './library.ts'
import type { NativeBuffer, Pointer } from './native.ts'
import { classifyStatus } from './status.ts'

/** Set in a major status where the call failed: calling errors and routine errors (RFC 2744 3.9.1). */
const errorMask = 0xffff0000

const gssCode = 1
const mechCode = 2

/** True for GSS_S_COMPLETE, with or without supplementary bits. */
export function succeeded(major: number): boolean {
  return (major & errorMask) === 0
}

/** Throws the coded error of a failed call; does nothing after one that succeeded. */
export function check(gssapi: Gssapi, operation: KerberosOperation, major: number, minor: number): void {
  if (!succeeded(major)) throw statusError(gssapi, operation, major, minor)
}

/** The coded error for two status numbers. */
export function statusError(gssapi: Gssapi, operation: KerberosOperation, major: number, minor: number): KerberosError {
  const code = classifyStatus(operation, major, minor)
  return new KerberosError(code, operation, { major, minor: minor | 0, text: statusText(gssapi, major, minor) })
}

// libkrb5 keeps the long text of an error, which names accounts, on the thread where it happened; asked from this
// thread it gives the generic one.
function statusText(gssapi: Gssapi, major: number, minor: number): string {
  const texts = [displayStatus(gssapi, major, gssCode, 0n)]
  if (minor !== 0) texts.push(displayStatus(gssapi, minor, mechCode, gssapi.krb5))
  return texts.join('; ')
}

function displayStatus(gssapi: Gssapi, status: number, type: number, mechanism: Pointer): string {
  const text: NativeBuffer = { length: 0, value: null }
  const major = gssapi.native.displayStatus([0], status, type, mechanism, [0], text)
  return succeeded(major) ? takeBuffer(gssapi, text).toString('utf8') : 'no text'
}

/** Copies a buffer libgssapi allocated, then gives it back. An absent buffer reads as empty. */
export function takeBuffer(gssapi: Gssapi, buffer: NativeBuffer): Buffer {
  const { value } = buffer
  if (typeof value !== 'bigint' || value === 0n) return Buffer.alloc(0)
  try {
    return gssapi.native.copy(value, buffer.length)
  } finally {
    gssapi.native.releaseBuffer([0], buffer)
  }
}
