import { check, statusError, succeeded, takeBuffer } from './call-status.ts'
import { Handle } from './handle.ts'
import { KerberosError, type KerberosOperation } from './kerberos-error.ts'
import type { Gssapi } from './library.ts'
import { accountNames, displayName, importPrincipal, ownName } from './names.ts'
import type { NativeBuffer, Pointer } from './native.ts'
import { krb5Mechanism } from './object-identifiers.ts'
import type { AccountNames } from './upn-dns-info.ts'

// The two calls of an authentication: one leg by the initiator, one by the acceptor. Security contexts are deleted at once: what is
// wanted is the token and the names, no message is ever protected with the context.

export type Initiated = {
  /** A Kerberos token (RFC 4121 4.1), not yet in SPNEGO. */
  readonly token: Buffer
  /** Under whose name GSSAPI made it: to be compared, always, before the token leaves the process. */
  readonly principal: string
  /** How long the ticket behind it is good for. */
  readonly lifetimeSeconds: number
}

export type AcceptedContext = {
  readonly principal: string
  readonly names: AccountNames
  /** SPNEGO's answer to the initiator; empty for bare Kerberos without mutual authentication. */
  readonly replyToken: Buffer
  readonly lifetimeSeconds: number
}

/** GSS_C_INDEFINITE (RFC 2744 5.19). */
const indefinite = 0xffffffff
/** GSS_S_CONTINUE_NEEDED (RFC 2744 3.9.1). */
const continueNeeded = 1

/**
 * One token for `target` (`HTTP/host@REALM`) in the credential's name. No flags: mutual authentication would need a second leg, which
 * TLS to the origin server makes superfluous. Asks the KDC unless the ticket is in the credential's cache already.
 */
export async function initiateContext(
  gssapi: Gssapi,
  credential: Handle,
  target: string,
  operation: KerberosOperation = 'initiate',
): Promise<Initiated> {
  using name = importPrincipal(gssapi, target)
  const minor: [number] = [0]
  const context: [Pointer | null] = [null]
  const output: NativeBuffer = { length: 0, value: null }
  const lifetimeSeconds: [number] = [0]
  const major = await credential.use(held =>
    name.use(pointer =>
      gssapi.native.initSecContext(
        minor,
        held,
        context,
        pointer,
        gssapi.krb5,
        0,
        indefinite,
        null,
        null,
        null,
        output,
        [0],
        lifetimeSeconds,
      ),
    ),
  )
  const token = takeBuffer(gssapi, output)
  using _context = ownContext(gssapi, context[0])
  check(gssapi, operation, major, minor[0])
  if ((major & continueNeeded) !== 0 || token.length === 0) throw new KerberosError('internal', operation)
  return { token, principal: contextSource(gssapi, _context, operation), lifetimeSeconds: lifetimeSeconds[0] }
}

function contextSource(gssapi: Gssapi, context: Handle | undefined, operation: KerberosOperation): string {
  if (context === undefined) throw new KerberosError('internal', operation)
  const minor: [number] = [0]
  const source: [Pointer | null] = [null]
  const major = context.read(pointer =>
    gssapi.native.inquireContext(minor, pointer, source, null, [0], null, null, null, null),
  )
  check(gssapi, operation, major, minor[0])
  if (source[0] === null) throw new KerberosError('internal', operation)
  using name = ownName(gssapi, source[0])
  return displayName(gssapi, name)
}

/**
 * Verifies one token with an acceptor credential. Throws `continue-needed` where one leg is not enough, and `token-defective` where
 * anything but Kerberos was negotiated. Needs no KDC.
 */
export async function acceptContext(
  gssapi: Gssapi,
  credential: Handle,
  token: Buffer,
  operation: KerberosOperation = 'accept',
): Promise<AcceptedContext> {
  const minor: [number] = [0]
  const context: [Pointer | null] = [null]
  const source: [Pointer | null] = [null]
  const mechanism: [Pointer | null] = [null]
  const output: NativeBuffer = { length: 0, value: null }
  const lifetimeSeconds: [number] = [0]
  const input: NativeBuffer = { length: token.length, value: token }
  const major = await credential.use(held =>
    gssapi.native.acceptSecContext(
      minor,
      context,
      held,
      input,
      null,
      source,
      mechanism,
      output,
      [0],
      lifetimeSeconds,
      null,
    ),
  )
  const replyToken = takeBuffer(gssapi, output)
  using _context = ownContext(gssapi, context[0])
  using name = source[0] === null ? undefined : ownName(gssapi, source[0])
  if (!succeeded(major)) throw statusError(gssapi, operation, major, minor[0])
  if ((major & continueNeeded) !== 0) throw new KerberosError('continue-needed', operation)
  if (name === undefined || !isKrb5(gssapi, mechanism[0])) throw new KerberosError('token-defective', operation)
  return {
    principal: displayName(gssapi, name),
    names: accountNames(gssapi, name),
    replyToken,
    lifetimeSeconds: lifetimeSeconds[0],
  }
}

function isKrb5(gssapi: Gssapi, oid: Pointer | null): boolean {
  return oid !== null && gssapi.native.oidContents(oid).equals(krb5Mechanism)
}

function ownContext(gssapi: Gssapi, pointer: Pointer | null): Handle | undefined {
  if (pointer === null) return undefined
  return new Handle('context', pointer, context => gssapi.native.deleteSecContext([0], [context], null))
}
