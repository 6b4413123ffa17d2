import type { Readable } from 'node:stream'
import type { Fault } from '../errors.ts'

/** A request as it goes to the upstream. */
export interface UpstreamRequest {
  readonly method: string
  /** Origin-form, byte for byte as the client sent it. */
  readonly target: string
  /** Name, value, name, value; with Host and the framing of the content, without any hop-by-hop field. */
  readonly fields: string[]
  readonly content: Readable | null
  /** Pass-through traffic and traffic with an identity of ours never share a connection. */
  readonly lane: 'pass-through' | 'delegated'
}

/** Who receives the response. Exactly one of `onEnd` and `onError` is called, once, and last. */
export interface ResponseReceiver {
  /** 1xx other than 101 (RFC 9110 15.2). */
  onInformation(status: number, rawFields: readonly string[]): void
  onHead(status: number, reason: string, rawFields: readonly string[]): void
  /** False: no more until `resume()`. */
  onContent(chunk: Buffer): boolean
  onEnd(rawTrailers: readonly string[]): void
  onError(fault: Fault): void
}

/** A request under way. */
export interface UpstreamExchange {
  resume(): void
  /** Gives up: the connection is closed, and `onError` is not called any more. */
  abort(): void
}

export interface LaneStatistics {
  readonly lane: string
  readonly connections: number
  readonly running: number
  readonly queued: number
}

/** Connections to one upstream server. */
export interface Upstream {
  send(request: UpstreamRequest, receiver: ResponseReceiver): UpstreamExchange
  statistics(): LaneStatistics[]
  close(): Promise<void>
}
