/**
 * Stage 8, the end of the line: the exchange goes to the upstream and its response back to the client, both streamed.
 *
 *   client ==> RequestContent ==> upstream          1. fields: ours added after everything of the client was filtered
 *   client <== response       <== upstream          2. `100 Continue` only now: the content is wanted
 *                                                   3. 1xx, head, content, trailers as they come; a slow client slows the server
 *                                                   4. whoever goes away first ends the other side
 * Only a `Delegated` exchange can be given to it: one that the second-factor stage admitted. It asks for the proof.
 */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Admission } from '../src/admission.ts'
import type { MonotonicClock } from '../src/clock.ts'
import { type Code, Fault, toFault } from '../src/errors.ts'
import type { Delegated } from '../src/exchange.ts'
import { contentCode } from '../src/http/content-code.ts'
import { isRepeatable } from '../src/http/repeatable-methods.ts'
import { hasContent, type RequestFieldReader } from '../src/http/request-fields.ts'
import type { ResponseFieldFilter } from '../src/http/response-fields.ts'
import { isAccepted, UPGRADE_FIELDS } from '../src/http/web-socket.ts'
import type { GiveBack } from '../src/io/slab.ts'
import { Intake, type IntakeEvents, type IntakeLimits } from '../src/listener/intake.ts'
import { drainRequest } from '../src/listener/request-content.ts'
import { ResponseWriter, type WriterEvents } from '../src/listener/response-writer.ts'
import type { Share } from '../src/listener/share.ts'
import type { ExchangeRecord } from '../src/observability/exchange-record.ts'
import type { ChallengeSettings } from '../src/refusal/challenge.ts'
import { relayedChallenge } from '../src/refusal/relayed-challenge.ts'
import { sendMethods } from '../src/refusal/send-methods.ts'
import type { Tunnels } from '../src/tunnels/tunnels.ts'
import { type ForwardedFieldSettings, forwardedFields, maxForwardsOf } from '../src/upstream/forwarded-fields.ts'
import type { ResponseReceiver, Upstream, UpstreamExchange } from '../src/upstream/upstream.ts'

export interface ForwardParts extends ForwardedFieldSettings {
  readonly upstream: Upstream
  readonly fieldReader: RequestFieldReader
  readonly responseFields: ResponseFieldFilter
  /** For a 401 of the upstream that has no challenge left. */
  readonly challenge: ChallengeSettings
  readonly tunnels: Tunnels
  readonly monotonic: MonotonicClock
  readonly intakeLimits: IntakeLimits
  readonly shareOf: (exchange: Delegated) => Share
  /** The upstream has answered: what its response says of the client's credentials. Must not throw. */
  readonly answered: (exchange: Delegated, status: number, rawFields: readonly string[]) => void
  /** Answers the client in place of the upstream. */
  readonly fail: (record: ExchangeRecord, fault: Fault) => void
}

/** Undefined where it was answered here. */
export type Forward = (exchange: Delegated, record: ExchangeRecord) => Forwarded | undefined

export interface Forwarded {
  /** The connection to the client is closed, or the response complete. */
  onClientClose(): void
  /** The rest of the request cannot be read: ends both sides, with an answer to the client if none has begun. */
  breakOff(fault: Fault): void
  readonly share: Share
}

export function forward(parts: ForwardParts): Forward {
  return (exchange, record) => {
    Admission.redeem(exchange, 'forwarded')
    if (maxForwardsOf(exchange) === 0) {
      record.responseBytes = sendMethods(exchange)
      return undefined
    }
    return new Forwarding(parts, exchange, record).start()
  }
}

class Forwarding implements ResponseReceiver, Forwarded, WriterEvents, IntakeEvents {
  readonly #parts: ForwardParts
  readonly #exchange: Delegated
  readonly #record: ExchangeRecord
  readonly #response: ServerResponse
  readonly #writer: ResponseWriter
  readonly share: Share
  readonly #intake: Intake
  #upstreamExchange: UpstreamExchange | undefined
  #release: (() => void) | undefined // Of an event stream: nobody judges it any more.
  #retriesLeft: number
  #isOver = false

  constructor(parts: ForwardParts, exchange: Delegated, record: ExchangeRecord) {
    this.#parts = parts
    this.#exchange = exchange
    this.#record = record
    this.#response = exchange.response
    const { intakeLimits, fieldReader } = parts
    this.share = parts.shareOf(exchange)
    const reading = this.share.isProven ? intakeLimits.reading : intakeLimits.unproven
    this.#writer = new ResponseWriter(exchange.response, this, intakeLimits.keeper, reading)
    const mayForward = hasContent(exchange.fields) ? (name: string) => fieldReader.mayForward(name) : undefined
    const mayRepeat = isRepeatable(exchange, mayForward !== undefined)
    this.#intake = new Intake(exchange.request, mayForward, this.share, intakeLimits, mayRepeat)
    this.#retriesLeft = mayRepeat ? 1 : 0
  }

  start(): this {
    this.#record.outcome = 'forwarded'
    this.#record.stage = 'forward'
    const { fields, request, handshake } = this.#exchange
    if (handshake !== undefined) this.#parts.tunnels.reserve(handshake)
    // HTTP/1.0 clients know no 1xx (RFC 9110 10.1.1).
    if (fields.kept.expect !== undefined && request.httpVersionMinor > 0) this.#response.writeContinue()
    this.#intake.begin(this)
    return this
  }

  onReady(): void {
    const { method, target, delegation, fields, handshake } = this.#exchange
    try {
      this.#upstreamExchange = this.#parts.upstream.send(
        {
          method,
          target: target.raw,
          fields: forwardedFields(this.#exchange, this.#parts),
          content: this.#intake.content,
          contentLength: fields.kept['transfer-encoding'] === undefined ? fields.kept['content-length'] : undefined,
          mayUpgrade: handshake !== undefined,
          connections: delegation,
          owner: this.share.owner,
          standing: this.#intake.standing,
        },
        this,
      )
    } catch (error) {
      this.onError(toFault(error))
    }
  }

  onRoom(): void {
    this.#upstreamExchange?.resume()
  }

  onEnded(): void {
    if (this.#intake.content !== null) drainRequest(this.#exchange.request)
  }

  onUnwritable(error: unknown): void {
    this.#parts.fail(this.#record, toFault(error))
  }

  onReadTooSlowly(): void {
    this.#endResponse('response-read-too-slowly')
  }

  #endResponse(code: Code): void {
    this.#giveUp(code)
    this.#response.destroy()
  }

  get mayAskAgain(): boolean {
    return this.#retriesLeft > 0 && this.#intake.content?.isWhole !== false && !this.#response.headersSent
  }

  onInformation(status: number, rawFields: readonly string[]): boolean {
    this.#retriesLeft = 0 // An answer has begun.
    // 100 was sent by us when the content was asked for; as to HTTP/1.0, RFC 9110 15.2.
    if (status === 100 || this.#exchange.request.httpVersionMinor === 0) return true
    return this.#writer.writeInformation(status, this.#parts.responseFields.filter(rawFields).fields)
  }

  onHead(status: number, reason: string, rawFields: readonly string[]): void {
    if (status === 401 && this.#exchange.delegation.vouchesForIdentity) {
      // The server refuses what we said, not what the client said: its 401 would make the client throw away good credentials.
      if (this.#exchange.delegation.authenticateConnection === undefined) this.#retriesLeft = 0 // A token serves once.
      this.#upstreamExchange?.abort()
      return this.onError(new Fault('upstream-identity-refused'))
    }
    this.#record.upstreamFirstByteAtMs = this.#parts.monotonic()
    this.#parts.answered(this.#exchange, status, rawFields)
    const isForBrowser = this.#exchange.clientClass === 'browser'
    const passed = this.#parts.responseFields.filterFinal(rawFields, status, isForBrowser)
    const fields = status === 401 ? relayedChallenge(this.#parts.challenge, this.#exchange, passed) : passed.fields
    fields.push('X-Request-Id', this.#exchange.requestId, ...this.#exchange.replyFields)
    this.#writer.writeHead(status, reason, fields)
    if (passed.isEventStream && this.#intake.content === null)
      this.#release = this.#parts.tunnels.watch(this.#exchange, code => !this.#isOver && this.#endResponse(code))
  }

  onUpgrade(rawFields: readonly string[], socket: Socket, early: Buffer): void {
    const { handshake, fields, requestId, replyFields } = this.#exchange
    if (handshake === undefined || !isAccepted(rawFields, fields.kept['sec-websocket-key'] ?? '')) {
      socket.destroy()
      return this.onError(new Fault('upstream-response-invalid'))
    }
    this.#record.upstreamFirstByteAtMs = this.#parts.monotonic()
    this.#parts.answered(this.#exchange, 101, rawFields)
    const passed = this.#parts.responseFields.filter(rawFields).fields
    this.#finish()
    this.#response.writeHead(101, [...passed, 'X-Request-Id', requestId, ...replyFields, ...UPGRADE_FIELDS]).end()
    this.#parts.tunnels.open(handshake, socket, early, this.#exchange, this.#record)
  }

  onReadPause(): void {
    this.#writer.onReadPause()
  }

  onContent(chunk: Buffer, lend: () => GiveBack): boolean {
    this.#record.responseBytes += chunk.length
    return this.#writer.write(chunk, lend)
  }

  onEnd(rawTrailers: readonly string[]): void {
    this.#finish()
    this.#writer.end(rawTrailers.length === 0 ? [] : this.#parts.responseFields.filterTrailers(rawTrailers))
  }

  onError(fault: Fault): void {
    if (this.#isOver) return
    if (RETRIED.includes(fault.code) && this.mayAskAgain) {
      this.#retriesLeft--
      return this.onReady()
    }
    this.#finish()
    const isLost = this.#response.headersSent || fault.code === 'request-content-aborted'
    if (!isLost) return this.#parts.fail(this.#record, fault)
    // The client has the status already, or is not there; only a broken connection can tell it that the content is not complete.
    this.#noteAborted(contentCode(fault.code), fault)
    this.#response.destroy()
  }

  breakOff(fault: Fault): void {
    if (this.#isOver) return
    this.#retriesLeft = 0
    this.#upstreamExchange?.abort()
    this.#intake.content?.stop()
    this.onError(fault)
  }

  onClientClose(): void {
    if (!this.#isOver) this.#giveUp('client-aborted')
  }

  /** Because of the client: the upstream is not heard any more. */
  #giveUp(code: Code): void {
    this.#upstreamExchange?.abort()
    this.#finish()
    this.#noteAborted(code, undefined)
    this.#intake.content?.stop()
  }

  #finish(): void {
    this.#isOver = true
    this.#upstreamExchange = undefined // The client's connection keeps its last exchange; not the server's, too.
    this.#release?.()
    this.#intake.release()
    this.#writer.stopWaiting()
    this.#record.requestBytes = this.#intake.content?.bytes ?? 0
  }

  #noteAborted(code: Code, cause: unknown): void {
    Object.assign(this.#record, { outcome: 'aborted', code, cause } satisfies Partial<ExchangeRecord>)
  }
}

const RETRIED: readonly Code[] = ['upstream-closed', 'upstream-identity-refused']
