import { check, takeBuffer } from './call-status.ts'
import { Handle } from './handle.ts'
import { KerberosError } from './kerberos-error.ts'
import type { Gssapi } from './library.ts'
import type { NativeBuffer, Pointer } from './native.ts'

/** Takes ownership of a gss_name_t that a call handed out. */
export function ownName(gssapi: Gssapi, pointer: Pointer): Handle {
  return new Handle('name', pointer, name => gssapi.native.releaseName([0], [name]))
}

/**
 * `user@REALM` or `service/host@REALM` as a gss_name_t (RFC 1964 2.1.1). The realm is always spelled out, so the
 * library's default realm decides nothing. Throws `principal-malformed`.
 */
export function importPrincipal(gssapi: Gssapi, principal: string): Handle {
  const octets = Buffer.from(principal, 'utf8')
  if (octets.includes(0) || !principal.includes('@')) throw new KerberosError('principal-malformed', 'name')
  const name: [Pointer | null] = [null]
  const minor: [number] = [0]
  const text: NativeBuffer = { length: octets.length, value: octets }
  check(gssapi, 'name', gssapi.native.importName(minor, text, gssapi.principalNameType, name), minor[0])
  if (name[0] === null) throw new KerberosError('internal', 'name')
  return ownName(gssapi, name[0])
}

/** The same as the Kerberos mechanism keeps it, which then need not be read anew by each call. */
export function importForKerberos(gssapi: Gssapi, principal: string): Handle {
  using name = importPrincipal(gssapi, principal)
  const canonical: [Pointer | null] = [null]
  const minor: [number] = [0]
  const major = name.read(pointer => gssapi.native.canonicalizeName(minor, pointer, gssapi.krb5, canonical))
  check(gssapi, 'name', major, minor[0])
  if (canonical[0] === null) throw new KerberosError('internal', 'name')
  return ownName(gssapi, canonical[0])
}

/** The name as text, `user@REALM`. Throws `internal`. */
export function displayName(gssapi: Gssapi, name: Handle): string {
  const text: NativeBuffer = { length: 0, value: null }
  const minor: [number] = [0]
  const major = name.read(pointer => gssapi.native.displayName(minor, pointer, text, null))
  check(gssapi, 'name', major, minor[0])
  return takeBuffer(gssapi, text).toString('utf8')
}
