/**
 * One connection to the upstream, and the one request on it (no pipelining). It writes the request, reads the response,
 * and knows when it is of no more use.
 *
 *          start()             onHead                onComplete, in step
 *   idle ----------> waiting ----------> receiving ----------------------> idle
 *     |               |   |                  |
 *     |               |   +-- 101: handed over, the socket belongs to a tunnel
 *     |               |                      |
 *     +-- deadline, end, error, abort() -----+-- complete, and out of step --> closed
 *
 * In step: the whole request was written, the server keeps the connection, and has not answered 401 where the connection
 * is authenticated, or keeps authentication on one that is shared. There is a receiver from start() on, and it hears of one end: onEnd, onUpgrade or onError; after
 * abort(), of none. A client that reads slowly pauses `receiving`; no deadline runs meanwhile, but that for the head.
 */
import type { Socket } from 'node:net'
import { type Code, Fault } from '../errors.ts'
import type { ContentReceiver, RequestContent } from '../listener/request-content.ts'
import type { ConnectionTimes } from './connection-times.ts'
import { InvalidResponse, Unasked } from './invalid-response.ts'
import type { Keeper } from './keeper.ts'
import { codeOfLostConnection } from './open-socket.ts'
import type { Owner } from './owner.ts'
import type { ReadBuffer, Reader } from './read-buffer.ts'
import { RequestWriter } from './request-writer.ts'
import type { ResponseHead } from './response-head.ts'
import { type ResponseEvents, ResponseParser } from './response-parser.ts'
import type { ResponseReceiver, UpstreamRequest } from './upstream.ts'

const MAX_HEAD_BYTES = 131_072

export class Connection implements ResponseEvents, Reader, ContentReceiver {
  readonly key: string
  holder: Owner | undefined // Whose request is on it.
  onlyFor: string | undefined // The proven owner who alone may have it again; undefined: whoever comes.
  isAuthenticated = false // The first request carried what authenticates the connection.
  renewAtMs = Number.POSITIVE_INFINITY // From then on it is closed when it is free; monotonic.
  /** When an idle connection is closed, or a silent one given up; monotonic. */
  deadlineMs = Number.POSITIVE_INFINITY
  /** What the server said about how long it keeps an idle connection. */
  keepAliveMs = Number.POSITIVE_INFINITY
  readonly #socket: Socket
  readonly #readBuffer: ReadBuffer
  readonly #writer: RequestWriter
  readonly #owner: Keeper<Connection>
  readonly #times: ConnectionTimes
  readonly #parser = new ResponseParser(this, MAX_HEAD_BYTES)
  #receiver: ResponseReceiver | undefined
  #content: RequestContent | null = null
  #hasHead = false
  #isSent = false
  #isPaused = false
  #pausedAtMs = 0
  #isClosed = false
  #isSpent = false
  #isShared = false

  constructor(key: string, socket: Socket, readBuffer: ReadBuffer, owner: Keeper<Connection>, times: ConnectionTimes) {
    this.key = key
    this.#socket = socket
    this.#writer = new RequestWriter(socket)
    this.#readBuffer = readBuffer
    this.#owner = owner
    this.#times = times
    socket.on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose).on('drain', this.#onDrain)
    readBuffer.start(socket, this)
  }

  get isUsable(): boolean {
    return !this.#isClosed && this.#socket.writable && this.#receiver === undefined
  }

  /** Sends a request whose head is complete: request line, fields and the empty line. */
  start(head: string, request: UpstreamRequest, receiver: ResponseReceiver): void {
    this.#receiver = receiver
    this.#content = request.content
    this.#writer.start(head, request.contentLength === undefined)
    this.#hasHead = false
    this.#isSent = request.content === null
    this.#isShared = request.connections.sharesConnection
    this.#parser.expect(request.method === 'HEAD', request.mayUpgrade)
    // The server's time begins when it has the whole request; while the client sends, it is the client that takes it.
    if (this.#isSent) this.#expectWithin(this.#times.headersTimeoutMs)
    else this.deadlineMs = Number.POSITIVE_INFINITY
    request.content?.start(this)
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    if (this.#hasHead) this.#expectWithin(this.#times.bodyTimeoutMs)
    this.#socket.resume()
  }

  /** The request is abandoned: nobody receives the response, and the connection cannot be used for another one. */
  abort(): void {
    this.#receiver = undefined
    // Now, and not when it has closed: by then the content may be going to another connection.
    this.#releaseContent()
    this.close()
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  /** Called from time to time: gives up a connection that stood still past its deadline. */
  expire(nowMs: number): void {
    if (nowMs < this.deadlineMs) return
    if (this.#receiver === undefined) this.close()
    else this.fail(this.#hasHead ? 'response-content-timeout' : 'upstream-headers-timeout', undefined)
  }

  /** Since when the client takes no more; monotonic. */
  get heldUpAtMs(): number {
    return this.#isPaused ? this.#pausedAtMs : Number.POSITIVE_INFINITY
  }

  /** It moves no deadline: however many come, the final head has its one. */
  onInformation({ status, rawFields }: ResponseHead): void {
    if (this.#receiver?.onInformation(status, rawFields) === false) this.#pause()
  }

  onHead(head: ResponseHead, mayAnswerNobody: boolean): void {
    if (mayAnswerNobody && this.#receiver?.mayAskAgain) return this.fail('upstream-closed', undefined)
    this.#hasHead = true
    this.#expectWithin(this.#times.bodyTimeoutMs)
    const isBound = head.bindsIdentity && this.#isShared
    if (isBound) this.#owner.onBound()
    // Late content would become the response to somebody else's request.
    if (head.leavesDoubt) this.onlyFor = this.holder?.name
    const isNobodys = head.leavesDoubt && this.holder?.standing !== 'proven'
    // The server no longer knows who this connection is: nobody else is to find out.
    if (isBound || isNobodys || (head.status === 401 && this.isAuthenticated)) this.#isSpent = true
    this.keepAliveMs = head.keepAliveSeconds === undefined ? Number.POSITIVE_INFINITY : head.keepAliveSeconds * 1000
    this.#receiver?.onHead(head.status, head.reason, head.rawFields)
  }

  onUpgrade(head: ResponseHead, rest: Buffer): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#isClosed = true
    this.#socket.off('end', this.#onEnd).off('error', this.#onError)
    this.#socket.off('close', this.#onClose).off('drain', this.#onDrain)
    this.#readBuffer.handOver()
    this.#owner.onClosed(this)
    // The memory serves the next read, and who gets it may have to wait for a slow client.
    receiver?.onUpgrade(head.rawFields, this.#socket, Buffer.from(rest))
  }

  onContent(chunk: Buffer): void {
    if (this.#receiver?.onContent(chunk, this.#readBuffer.lend) !== false) return
    // A slow client is no fault of the server: no deadline while it is not allowed to send.
    this.deadlineMs = Number.POSITIVE_INFINITY
    this.#pause()
  }

  #pause(): void {
    this.#isPaused = true
    this.#pausedAtMs = this.#times.monotonic()
    this.#socket.pause()
  }

  onComplete(rawTrailers: readonly string[], mayReuse: boolean): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#releaseContent()
    // An early answer leaves the rest of the request unsent: the server would read what comes next as its content.
    const isFree = mayReuse && this.#isSent && this.#writer.isWritten && !this.#isSpent && !this.#isClosed
    if (isFree) this.resume()
    if (isFree) this.#owner.onFree(this)
    else this.close()
    receiver?.onEnd(rawTrailers)
  }

  onData(data: Buffer): void {
    if (this.#isClosed) return
    // Behind the response before, in the same turn: it must not become the answer to somebody else's request.
    if (!this.#writer.isWritten) return this.fail('upstream-closed', new Unasked('a response came before its request'))
    const hadHead = this.#hasHead
    if (hadHead) this.#expectWithin(this.#times.bodyTimeoutMs)
    try {
      this.#parser.push(data)
      this.#receiver?.onReadPause()
    } catch (error) {
      // A bug in handling one response must not affect the others: it is answered and logged as such.
      if (!(error instanceof InvalidResponse)) this.fail('internal-error', error)
      else this.fail(hadHead ? 'response-content-aborted' : 'upstream-response-invalid', error)
    }
  }

  readonly #onEnd = (): void => {
    if (this.#receiver === undefined) return this.close()
    if (!this.#parser.hasBegun) return this.fail('upstream-closed', undefined)
    try {
      this.#parser.end()
    } catch (error) {
      this.fail(this.#hasHead ? 'response-content-aborted' : 'upstream-closed', error)
    }
  }

  readonly #onError = (error: Error): void =>
    this.fail(this.#hasHead ? 'response-content-aborted' : codeOfLostConnection(error), error)

  readonly #onClose = (): void => {
    this.#isClosed = true
    this.fail(this.#hasHead ? 'response-content-aborted' : 'upstream-closed', undefined)
    this.#owner.onClosed(this)
  }

  fail(code: Code, cause: unknown): void {
    if (cause instanceof Unasked) this.#owner.onUnasked()
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#releaseContent()
    this.close()
    receiver?.onError(cause instanceof Fault ? cause : new Fault(code, cause))
  }

  onContentData(chunk: Buffer): boolean {
    const goesOn = this.#writer.write(chunk)
    this.#expectMore(goesOn)
    return goesOn
  }

  readonly #onDrain = (): void => {
    if (this.#receiver === undefined) return
    this.#expectMore(true)
    this.#content?.resume()
  }

  /** The request is under way: the server has to take what was written, or waits for what the client has still to send. */
  #expectMore(isTaken: boolean): void {
    if (this.#hasHead) this.#expectWithin(this.#times.bodyTimeoutMs)
    else if (isTaken && !this.#isSent) this.deadlineMs = Number.POSITIVE_INFINITY
    else this.#expectWithin(this.#times.headersTimeoutMs)
  }

  onContentEnd(): void {
    this.#writer.end(this.#content?.trailers ?? [])
    this.#isSent = true
    if (!this.#hasHead) this.#expectWithin(this.#times.headersTimeoutMs)
  }

  onContentError(fault: Fault): void {
    this.fail('request-content-aborted', fault)
  }

  #releaseContent(): void {
    this.#content?.stop()
    this.#content = null
  }

  #expectWithin(timeoutMs: number): void {
    const isHeldUp = this.#isPaused && this.#hasHead
    this.deadlineMs = isHeldUp ? Number.POSITIVE_INFINITY : this.#times.monotonic() + timeoutMs
  }
}
