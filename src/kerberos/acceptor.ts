import type { CanonicalPrincipal } from './canonical-principal.ts'
import type { TicketProof } from './ticket-proof.ts'

/** Who authenticated. */
export type Accepted = {
  readonly principal: CanonicalPrincipal
  /** To be returned in `WWW-Authenticate: Negotiate` of the response (RFC 4559 5), where the client negotiated. */
  readonly replyToken?: Buffer
  /** What the ticket says, where something was asked. */
  readonly proof?: TicketProof
}

export type Acceptor = Disposable & {
  /**
   * Verifies what stood behind `Negotiate`, decoded. Needs no KDC. `isForwarded`: the client's TLS ended at a proxy that
   * is trusted. Throws a `KerberosError`.
   */
  accept(token: Buffer, isForwarded?: boolean): Promise<Accepted>
}
