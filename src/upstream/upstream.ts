import type { Socket } from 'node:net'
import type { Fault } from '../errors.ts'
import type { GiveBack } from '../io/slab.ts'
import type { RequestContent } from '../listener/request-content.ts'
import type { Standing } from '../listener/share.ts'

/** A request as it goes to the upstream. */
export interface UpstreamRequest {
  readonly method: string
  /** Origin-form, byte for byte as the client sent it. */
  readonly target: string
  /** Name, value, name, value: end-to-end fields and Host, without the framing of the content. */
  readonly fields: readonly string[]
  readonly content: RequestContent | null
  /** Length of the content in bytes as a decimal number; undefined: chunked. Meaningless without content. */
  readonly contentLength: string | undefined
  /** The fields ask to change the protocol (RFC 9110 7.8), so 101 may come. */
  readonly mayUpgrade: boolean
  readonly connections: ConnectionChoice
  /** The owner whose share of the connections it counts towards. */
  readonly owner: string
  readonly standing: Standing
}

/** Which connections may carry a request. */
export interface ConnectionChoice {
  /**
   * Requests share a connection only with requests of the same key: traffic that passes through never meets traffic
   * with an identity of ours, nor one account another where the server may bind authentication to the connection (RFC
   * 4559 6).
   */
  readonly connectionKey: string
  /** That key is of more than one person: nobody may be authenticated on the connection. */
  readonly sharesConnection: boolean
  /** Fields sent with the first request of a connection only, if the server binds authentication to the connection. */
  readonly authenticateConnection: (() => Promise<readonly string[]>) | undefined
}

/** Who receives the response. Exactly one of `onEnd`, `onError` and `onUpgrade` is called, once, and last. */
export interface ResponseReceiver {
  /** After `upstream-closed`, the receiver would send the request again. */
  readonly mayAskAgain?: boolean
  /** 1xx other than 101 (RFC 9110 15.2). False: no more for now, until `resume`. */
  onInformation(status: number, rawFields: readonly string[]): boolean
  onHead(status: number, reason: string, rawFields: readonly string[]): void
  /** All that has arrived so far was handed over, and the response is not complete: more may be long in coming. */
  onReadPause(): void
  /** `chunk` is good until this returns; with `lend`, until it is given back. False: no more for now, until `resume`. */
  onContent(chunk: Buffer, lend: () => GiveBack): boolean
  onEnd(rawTrailers: readonly string[]): void
  /**
   * 101: the socket is the receiver's now, and counts no longer as a connection, and so is `early`: what came with the
   * head.
   */
  onUpgrade(rawFields: readonly string[], socket: Socket, early: Buffer): void
  onError(fault: Fault): void
}

/** A request under way. */
export interface UpstreamExchange {
  resume(): void
  /** Gives up: the connection is closed, and the receiver hears nothing more. */
  abort(): void
}

export interface UpstreamStatistics {
  /** Connections open or opening, and of these the ones without a request. */
  readonly connections: number
  readonly idle: number
  /** Requests waiting for a connection. */
  readonly queued: number
  /** Connections that carry a request of an unproven client. */
  readonly unproven: number
  /** Connections opened and closed so far. */
  readonly opened: number
  /** Idle connections closed to make room for another key. */
  readonly evicted: number
  /** Shared connections closed since the server said that it keeps authentication on them. */
  readonly bound: number
  /** Connections closed since something came on them that answers no request. */
  readonly unasked: number
}

/** Connections to one upstream server; disposing closes them all, and refuses who waits for one. */
export interface Upstream extends Disposable {
  send(request: UpstreamRequest, receiver: ResponseReceiver): UpstreamExchange
  statistics(): UpstreamStatistics
}
