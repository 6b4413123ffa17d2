/**
 * HTTP/1.1 responses off a socket (RFC 9112), strictly: what could be read in two ways is an error, never a guess. One
 * parser lives as long as its connection.
 *
 *   head ----> no content (HEAD, 1xx, 204, 304)
 *        ----> content of known length
 *        ----> chunked: size line, data, ..., trailers
 *        ----> until the connection closes
 */

import { type ChunkedContent, newChunkedContent } from './chunked-content.ts'
import { InvalidResponse, Unasked } from './invalid-response.ts'
import { PartialHead } from './partial-head.ts'
import { type ResponseHead, readHead } from './response-head.ts'

export interface ResponseEvents {
  onInformation(head: ResponseHead): void
  /** `mayAnswerNobody`: it may have been said to the idle connection, and have crossed the request on its way. */
  onHead(head: ResponseHead, mayAnswerNobody: boolean): void
  /** 101: from `rest` on, the server speaks another protocol. The parser's work is done. */
  onUpgrade(head: ResponseHead, rest: Buffer): void
  onContent(chunk: Buffer): void
  /** The response is complete. `mayReuse`: the server keeps the connection open. */
  onComplete(rawTrailers: readonly string[], mayReuse: boolean): void
}

const HEAD_END = Buffer.from('\r\n\r\n')
const [CR, LF] = [0x0d, 0x0a]
const NO_TRAILERS: readonly string[] = []

/** RFC 9112 2.2 lets a recipient take one for the end of a line; who does not would see another head than we do. */
function hasBareLineFeed(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1))
    if (at === 0 || bytes[at - 1] !== CR) return true
  return false
}

type State = 'idle' | 'head' | 'length' | 'chunked' | 'close'

export class ResponseParser {
  readonly #events: ResponseEvents
  readonly #maxHeadBytes: number
  #state: State = 'idle'
  #partial: PartialHead | undefined
  #isHeadRequest = false
  #mayUpgrade = false
  #mayReuse = false
  #hasAnswered = false
  #remaining = 0
  #chunked: ChunkedContent | undefined

  constructor(events: ResponseEvents, maxHeadBytes: number) {
    this.#events = events
    this.#maxHeadBytes = maxHeadBytes
  }

  /** A request was sent; its response comes next. `mayUpgrade`: it asked to change the protocol. */
  expect(isHeadRequest: boolean, mayUpgrade: boolean): void {
    this.#state = 'head'
    this.#isHeadRequest = isHeadRequest
    this.#mayUpgrade = mayUpgrade
  }

  /** Whether anything of the response has come. */
  get hasBegun(): boolean {
    return this.#state !== 'head' || this.#partial !== undefined
  }

  /** Throws InvalidResponse; the connection is of no use then. */
  push(data: Buffer): void {
    let rest: Buffer | undefined = data
    while (rest !== undefined && rest.length > 0) rest = this.#step(rest)
  }

  /** The server closed its side: the end of content without length, an error anywhere else. */
  end(): void {
    if (this.#state === 'close') this.#complete(NO_TRAILERS, false)
    else throw new InvalidResponse('the connection was closed before the response was complete')
  }

  #step(data: Buffer): Buffer | undefined {
    switch (this.#state) {
      case 'idle':
        throw new Unasked('a response came without a request')
      case 'head':
        return this.#readHead(data)
      case 'length':
        return this.#readLength(data)
      case 'chunked':
        return this.#readChunked(data)
      case 'close':
        this.#events.onContent(data)
        return undefined
    }
  }

  #readHead(data: Buffer): Buffer | undefined {
    const all = this.#partial === undefined ? data : this.#partial.with(data)
    const end = all.indexOf(HEAD_END, this.#partial?.searched ?? 0)
    if ((end === -1 ? all.length : end) > this.#maxHeadBytes)
      throw new InvalidResponse('the response head is too large')
    if (end === -1) {
      // Its end would never be found: better to say so now than when the time for it is over.
      if (hasBareLineFeed(all, this.#partial?.searched ?? 0))
        throw new InvalidResponse('a line of the response head ends without a carriage return')
      this.#partial ??= new PartialHead(data)
      return undefined
    }
    this.#partial = undefined
    const head = readHead(all.toString('latin1', 0, end), this.#isHeadRequest)
    if (head.status === 101) {
      if (!this.#mayUpgrade) throw new InvalidResponse('the server switched protocols without being asked to')
      this.#state = 'idle'
      this.#events.onUpgrade(head, all.subarray(end + 4))
      return undefined
    }
    if (head.status < 200) {
      this.#events.onInformation(head)
    } else {
      this.#begin(head, end + 4 < all.length)
    }
    return end + 4 < all.length ? all.subarray(end + 4) : undefined
  }

  #begin(head: ResponseHead, hasMore: boolean): void {
    const { framing } = head
    // Behind a 408 that crossed a request, that one's answer may still come (RFC 9110 15.5.9).
    this.#mayReuse = head.keepsConnection && framing !== 'close' && head.status !== 408
    this.#remaining = typeof framing === 'number' ? framing : 0
    this.#state = typeof framing === 'number' ? 'length' : framing
    if (framing === 'chunked') this.#chunked = newChunkedContent(this.#maxHeadBytes)
    this.#events.onHead(head, head.status === 408 && !head.keepsConnection && this.#hasAnswered)
    if (this.#remaining === 0 && this.#state === 'length') this.#complete(NO_TRAILERS, hasMore)
  }

  #readLength(data: Buffer): Buffer | undefined {
    const isAll = data.length >= this.#remaining
    const content = data.length > this.#remaining ? data.subarray(0, this.#remaining) : data
    this.#remaining -= content.length
    this.#events.onContent(content)
    if (!isAll) return undefined
    const hasMore = content.length < data.length
    this.#complete(NO_TRAILERS, hasMore)
    return hasMore ? data.subarray(content.length) : undefined
  }

  #readChunked(data: Buffer): Buffer | undefined {
    const chunked = this.#chunked as ChunkedContent
    const rest = chunked.read(data, this.#events.onContent.bind(this.#events))
    if (chunked.trailers === undefined) return undefined
    this.#complete(chunked.trailers, rest !== undefined)
    return rest
  }

  /** `hasMore`: unrequested bytes follow, which must not become the response to somebody else's next request. */
  #complete(trailers: readonly string[], hasMore: boolean): void {
    this.#state = 'idle'
    this.#hasAnswered = true
    this.#chunked = undefined
    this.#events.onComplete(trailers, this.#mayReuse && !hasMore)
  }
}
