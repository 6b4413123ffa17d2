import type { Bulkhead } from './bulkhead.ts'
import { type CanonicalPrincipal, canonicalPrincipal, type DirectoryNames } from './canonical-principal.ts'
import { type AcceptedContext, acceptContext } from './contexts.ts'
import { acquireAcceptor } from './credentials.ts'
import type { Handle } from './handle.ts'
import { KerberosError } from './kerberos-error.ts'
import { kerberosToken } from './kerberos-token.ts'
import type { Gssapi } from './library.ts'
import type { TicketProof } from './ticket-proof.ts'

export type AcceptorOptions = {
  readonly gssapi: Gssapi
  readonly lane: Bulkhead
  /** Holds the key of `servicePrincipal`. Opened for each token, so a rotated keytab needs no restart. */
  readonly keytabFile: string
  /** `HTTP/proxy.corp.test@CORP.TEST`; tickets for services of other accounts are refused. */
  readonly servicePrincipal: string
  readonly directory: DirectoryNames
  /** Default: libkrb5's own (KRB5RCACHEDIR, else /var/tmp/krb5_UID.rcache2). There is no way to turn it off. */
  readonly replayCacheFile?: string
}

/** Who authenticated. */
export type Accepted = {
  readonly principal: CanonicalPrincipal
  /** To be returned in `WWW-Authenticate: Negotiate` of the response (RFC 4559 5), where the client negotiated. */
  readonly replyToken?: Buffer
  /** What the ticket says, where something was asked; of our own implementation alone. */
  readonly proof?: TicketProof
}

export type Acceptor = Disposable & {
  /**
   * Verifies what stood behind `Negotiate`, decoded. Needs no KDC. `isForwarded`: the client's TLS ended at a proxy that
   * is trusted. Throws a `KerberosError`.
   */
  accept(token: Buffer, isForwarded?: boolean): Promise<Accepted>
}

/**
 * Acquires the acceptor credential once for the process. Throws `service-credential-refused` where the keytab lacks the
 * key.
 */
export async function createAcceptor(options: AcceptorOptions): Promise<Acceptor> {
  const { gssapi, lane, keytabFile, servicePrincipal, directory, replayCacheFile } = options
  const key = { principal: servicePrincipal, keytabFile }
  const replayCache = replayCacheFile === undefined ? 'dfl:' : `file2:${replayCacheFile}`
  const credential = await acquireAcceptor(gssapi, { ...key, replayCache })
  const diagnosing = await acquireAcceptor(gssapi, { ...key, replayCache: 'none:' }).catch((error: unknown) => {
    credential[Symbol.dispose]()
    throw error
  })

  return {
    async accept(token) {
      const inspected = inspect(token)
      const context = await lane.run(() => acceptOrDiagnose(gssapi, { credential, diagnosing, token, ...inspected }))
      return {
        principal: canonicalPrincipal(context.principal, directory),
        ...(context.replyToken.length === 0 ? {} : { replyToken: context.replyToken }),
      }
    },
    [Symbol.dispose]() {
      credential[Symbol.dispose]()
      diagnosing[Symbol.dispose]()
    },
  }
}

type Inspected = {
  /** No SPNEGO around it. */
  readonly bare: boolean
  /** The Kerberos token inside SPNEGO, if there is one: what to ask again with, should SPNEGO refuse. */
  readonly krb5Token: Buffer | undefined
}

function inspect(token: Buffer): Inspected {
  const seen = kerberosToken(token)
  return { bare: seen.kind === 'krb5', krb5Token: seen.kind === 'spnego' ? seen.krb5Token : undefined }
}

type Attempt = {
  readonly credential: Handle
  readonly diagnosing: Handle
  readonly token: Buffer
} & Inspected

/**
 * Under SPNEGO a refusal's minor status means nothing (status.ts). The true reason comes from the Kerberos token alone:
 * first with a credential that has no replay cache, for the refused attempt may have left its mark in the cache; if
 * that finds no fault, with the real one, which then names the replay or the cache's own failure. Whatever these looks
 * answer, the token stays refused.
 */
async function acceptOrDiagnose(
  gssapi: Gssapi,
  { credential, diagnosing, token, bare, krb5Token }: Attempt,
): Promise<AcceptedContext> {
  try {
    return await acceptContext(gssapi, credential, token)
  } catch (error) {
    if (!(error instanceof KerberosError) || bare || error.code === 'continue-needed') throw error
    // SPNEGO, but nothing in it that could be Kerberos.
    if (krb5Token === undefined) throw new KerberosError('token-defective', 'accept', { cause: error })
    await acceptContext(gssapi, diagnosing, krb5Token)
    await acceptContext(gssapi, credential, krb5Token)
    throw new KerberosError('token-defective', 'accept', { cause: error })
  }
}
