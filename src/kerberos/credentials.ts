import { check } from './call-status.ts'
import { Handle } from './handle.ts'
import { KerberosError, type KerberosOperation } from './kerberos-error.ts'
import type { Gssapi } from './library.ts'
import { displayName, importPrincipal, ownName } from './names.ts'
import type { Pointer } from './native.ts'

// The four ways to a credential. Each takes a full principal and answers with an owned handle; a null credential or a
// default one cannot be expressed.

/** An initiator credential and how long it lasts. */
export type Acquired = { readonly credential: Handle; readonly lifetimeSeconds: number }

/** GSS_C_INITIATE, GSS_C_ACCEPT (RFC 2744 5.2). */
const initiate = 1
const accept = 2
/** GSS_C_INDEFINITE: as long as the KDC allows. */
const indefinite = 0xffffffff

type Outputs = { minor: [number]; credential: [Pointer | null]; lifetimeSeconds: [number] }

const outputs = (): Outputs => ({ minor: [0], credential: [null], lifetimeSeconds: [0] })

const store = (entries: Readonly<Record<string, string>>) => {
  const elements = Object.entries(entries).map(([key, value]) => ({ key, value }))
  return { count: elements.length, elements }
}

/**
 * The service's own TGT from its keytab, in a cache of its own (`MEMORY:...`), which dies with the handle. Asks the
 * KDC.
 */
export async function acquireFromKeytab(
  gssapi: Gssapi,
  options: { readonly principal: string; readonly keytabFile: string; readonly cache: string },
): Promise<Acquired> {
  using name = importPrincipal(gssapi, options.principal)
  const out = outputs()
  const entries = store({ client_keytab: `FILE:${options.keytabFile}`, ccache: options.cache })
  const major = await name.use(pointer =>
    gssapi.native.acquireCredFrom(
      out.minor,
      pointer,
      indefinite,
      gssapi.krb5Only,
      initiate,
      entries,
      out.credential,
      null,
      out.lifetimeSeconds,
    ),
  )
  const acquired = own(gssapi, 'service-credential', major, out, () => gssapi.native.destroyCache(options.cache))
  return acquired
}

/**
 * An acceptor credential on a keytab. Only Kerberos can be negotiated with it, whatever mechanisms are installed on the
 * machine. `replayCache`: `dfl:` or `file2:/path`; `none:` is for checks that grant nothing.
 */
export async function acquireAcceptor(
  gssapi: Gssapi,
  options: { readonly principal: string; readonly keytabFile: string; readonly replayCache: string },
): Promise<Handle> {
  using name = importPrincipal(gssapi, options.principal)
  const out = outputs()
  const entries = store({ keytab: `FILE:${options.keytabFile}`, rcache: options.replayCache })
  const major = await name.use(pointer =>
    gssapi.native.acquireCredFrom(
      out.minor,
      pointer,
      indefinite,
      gssapi.krb5AndSpnego,
      accept,
      entries,
      out.credential,
      null,
      out.lifetimeSeconds,
    ),
  )
  const { credential } = own(gssapi, 'service-credential', major, out)
  const minor: [number] = [0]
  const restricted = credential.read(pointer => gssapi.native.setNegMechs(minor, pointer, gssapi.krb5Only))
  try {
    check(gssapi, 'service-credential', restricted, minor[0])
  } catch (error) {
    credential[Symbol.dispose]()
    throw error
  }
  return credential
}

/** A TGT for a user by password. The octets are the caller's to wipe, after this has settled. Asks the KDC. */
export async function acquireWithPassword(gssapi: Gssapi, principal: string, password: Buffer): Promise<Acquired> {
  using name = importPrincipal(gssapi, principal)
  const out = outputs()
  const secret = { length: password.length, value: password }
  const major = await name.use(pointer =>
    gssapi.native.acquireCredWithPassword(
      out.minor,
      pointer,
      secret,
      indefinite,
      gssapi.krb5Only,
      initiate,
      out.credential,
      null,
      out.lifetimeSeconds,
    ),
  )
  return own(gssapi, 'password', major, out)
}

/**
 * S4U2self (MS-SFU 3.1.5.1.1): a ticket to ourselves in the user's name; the handle is that user's ticket cache. Asks
 * the KDC.
 */
export async function acquireImpersonated(gssapi: Gssapi, service: Handle, principal: string): Promise<Acquired> {
  using name = importPrincipal(gssapi, principal)
  const out = outputs()
  const major = await service.use(impersonator =>
    name.use(pointer =>
      gssapi.native.acquireCredImpersonateName(
        out.minor,
        impersonator,
        pointer,
        indefinite,
        gssapi.krb5Only,
        initiate,
        out.credential,
        null,
        out.lifetimeSeconds,
      ),
    ),
  )
  return own(gssapi, 's4u2self', major, out)
}

/** The name a credential acts under, as the library sees it. */
export async function credentialPrincipal(gssapi: Gssapi, credential: Handle): Promise<string> {
  const minor: [number] = [0]
  const name: [Pointer | null] = [null]
  const major = await credential.use(pointer => gssapi.native.inquireCred(minor, pointer, name, [0], null, null))
  check(gssapi, 's4u2self', major, minor[0])
  if (name[0] === null) throw new KerberosError('internal', 's4u2self')
  using owned = ownName(gssapi, name[0])
  return displayName(gssapi, owned)
}

function own(
  gssapi: Gssapi,
  operation: KerberosOperation,
  major: number,
  { minor, credential, lifetimeSeconds }: Outputs,
  afterRelease: () => void = () => undefined,
): Acquired {
  const [pointer] = credential
  try {
    check(gssapi, operation, major, minor[0])
    if (pointer === null) throw new KerberosError('internal', operation)
  } catch (error) {
    afterRelease()
    throw error
  }
  const handle = new Handle('credential', pointer, released => {
    gssapi.native.releaseCred([0], [released])
    afterRelease()
  })
  return { credential: handle, lifetimeSeconds: lifetimeSeconds[0] }
}
