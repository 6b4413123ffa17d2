import { check, statusError, succeeded, takeBuffer } from './call-status.ts'
import { Handle } from './handle.ts'
import { KerberosError, type KerberosOperation } from './kerberos-error.ts'
import type { Gssapi } from './library.ts'
import { displayName, importPrincipal, ownName } from './names.ts'
import type { NativeBuffer, Pointer } from './native.ts'
import { krb5Mechanism } from './protocol/object-identifiers.ts'

// The two calls of an authentication: one leg by the initiator, one by the acceptor. Security contexts are deleted at
// once: what is wanted is the token and the names, no message is ever protected with the context.

export type Initiated = {
  /** A Kerberos token (RFC 4121 4.1), not yet in SPNEGO. */
  readonly token: Buffer
  /** How long the ticket behind it is good for. */
  readonly lifetimeSeconds: number
}

export type NamedInitiated = Initiated & {
  /** Under whose name GSSAPI made it. */
  readonly principal: string
}

export type AcceptedContext = {
  readonly principal: string
  /** SPNEGO's answer to the initiator; empty for bare Kerberos without mutual authentication. */
  readonly replyToken: Buffer
}

/** GSS_C_INDEFINITE (RFC 2744 5.19). */
const indefinite = 0xffffffff
/** GSS_S_CONTINUE_NEEDED (RFC 2744 3.9.1). */
const continueNeeded = 1

/**
 * One token for `target` (`HTTP/host@REALM`) in the credential's name, and whose that is: to be compared before the
 * token leaves the process, unless it was compared for this credential and target before. Asks the KDC unless the
 * ticket is in the credential's cache already.
 */
export async function initiateContext(
  gssapi: Gssapi,
  credential: Handle,
  target: string,
  operation: KerberosOperation = 'initiate',
): Promise<NamedInitiated> {
  using name = importPrincipal(gssapi, target)
  const { context, ...initiated } = await initiate(gssapi, credential, name, operation)
  using _context = context
  return { ...initiated, principal: contextSource(gssapi, context, operation) }
}

/** One more, once it is known whose name the credential acts in. Reading the name anew costs a tenth of the token. */
export async function initiateAgain(gssapi: Gssapi, credential: Handle, target: Handle): Promise<Initiated> {
  const { context, ...initiated } = await initiate(gssapi, credential, target, 'initiate')
  context[Symbol.dispose]()
  return initiated
}

/** No flags: mutual authentication would need a second leg, which TLS to the origin server makes superfluous. */
async function initiate(
  gssapi: Gssapi,
  credential: Handle,
  target: Handle,
  operation: KerberosOperation,
): Promise<Initiated & { readonly context: Handle }> {
  const minor: [number] = [0]
  const pointer: [Pointer | null] = [null]
  const output: NativeBuffer = { length: 0, value: null }
  const lifetimeSeconds: [number] = [0]
  const major = await credential.use(held =>
    target.use(name =>
      gssapi.native.initSecContext(
        minor,
        held,
        pointer,
        name,
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
  const context = ownContext(gssapi, pointer[0])
  try {
    check(gssapi, operation, major, minor[0])
    if ((major & continueNeeded) !== 0 || token.length === 0 || context === undefined)
      throw new KerberosError('internal', operation)
    return { token, context, lifetimeSeconds: lifetimeSeconds[0] }
  } catch (error) {
    context?.[Symbol.dispose]()
    throw error
  }
}

function contextSource(gssapi: Gssapi, context: Handle, operation: KerberosOperation): string {
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
 * Verifies one token with an acceptor credential. Throws `continue-needed` where one leg is not enough, and
 * `token-defective` where anything but Kerberos was negotiated. Needs no KDC.
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
  const input: NativeBuffer = { length: token.length, value: token }
  const major = await credential.use(held =>
    gssapi.native.acceptSecContext(minor, context, held, input, null, source, mechanism, output, [0], null, null),
  )
  const replyToken = takeBuffer(gssapi, output)
  using _context = ownContext(gssapi, context[0])
  using name = source[0] === null ? undefined : ownName(gssapi, source[0])
  if (!succeeded(major)) throw statusError(gssapi, operation, major, minor[0])
  if ((major & continueNeeded) !== 0) throw new KerberosError('continue-needed', operation)
  if (name === undefined || !isKrb5(gssapi, mechanism[0])) throw new KerberosError('token-defective', operation)
  return {
    principal: displayName(gssapi, name),
    replyToken,
  }
}

function isKrb5(gssapi: Gssapi, oid: Pointer | null): boolean {
  return oid !== null && gssapi.native.oidContents(oid).equals(krb5Mechanism)
}

function ownContext(gssapi: Gssapi, pointer: Pointer | null): Handle | undefined {
  if (pointer === null) return undefined
  return new Handle('context', pointer, context => gssapi.native.deleteSecContext([0], [context], null))
}
