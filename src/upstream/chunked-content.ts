/** The chunked transfer coding (RFC 9112 7.1), read piece by piece. */
import { MAX_TRAILER_FIELDS } from '../http/trailer-limit.ts'
import { InvalidResponse } from './invalid-response.ts'
import { trimmed } from './response-head.ts'

export interface ChunkedContent {
  /** Set when the last chunk and the trailers have been read: name, value, name, value. */
  readonly trailers: readonly string[] | undefined
  /** Takes what belongs to the content; returns what comes after it, if anything. */
  read(data: Buffer, onContent: (chunk: Buffer) => void): Buffer | undefined
}

export const newChunkedContent = (maxTrailerBytes: number): ChunkedContent => new Decoder(maxTrailerBytes)

// A size, then extensions, which mean nothing to us (RFC 9112 7.1.1); bare line ends were the way in of CVE-2025-55315.
const SIZE_LINE = /^([0-9a-fA-F]{1,13})[ \t]*(?:;[^\r\n]*)?$/
const MAX_LINE_BYTES = 4096
const LF = 0x0a
const CR = 0x0d

class Decoder implements ChunkedContent {
  trailers: readonly string[] | undefined
  readonly #maxTrailerBytes: number
  readonly #trailerFields: string[] = []
  #state: 'size' | 'data' | 'data-end' | 'trailer' = 'size'
  #line = ''
  #remaining = 0
  #trailerBytes = 0

  constructor(maxTrailerBytes: number) {
    this.#maxTrailerBytes = maxTrailerBytes
  }

  read(data: Buffer, onContent: (chunk: Buffer) => void): Buffer | undefined {
    let at = 0
    while (at < data.length && this.trailers === undefined) {
      at = this.#state === 'data' ? this.#readData(data, at, onContent) : this.#readLine(data, at)
    }
    return at < data.length ? data.subarray(at) : undefined
  }

  #readData(data: Buffer, at: number, onContent: (chunk: Buffer) => void): number {
    const end = Math.min(data.length, at + this.#remaining)
    onContent(data.subarray(at, end))
    this.#remaining -= end - at
    if (this.#remaining === 0) this.#state = 'data-end'
    return end
  }

  #readLine(data: Buffer, at: number): number {
    const end = data.indexOf(LF, at)
    const stop = end === -1 ? data.length : end
    this.#line += data.toString('latin1', at, stop)
    if (this.#line.length > MAX_LINE_BYTES) throw new InvalidResponse('a line in the chunked content is too long')
    if (end === -1) return stop
    if (this.#line.charCodeAt(this.#line.length - 1) !== CR)
      throw new InvalidResponse('a line in the chunked content ends without CR')
    const line = this.#line.slice(0, -1)
    this.#line = ''
    this.#onLine(line)
    return end + 1
  }

  #onLine(line: string): void {
    if (line.includes('\r')) throw new InvalidResponse('a bare CR in the chunked content')
    switch (this.#state) {
      case 'size': {
        const size = SIZE_LINE.exec(line)
        if (size === null) throw new InvalidResponse('the size of a chunk is not valid')
        this.#remaining = Number.parseInt(size[1] ?? '', 16)
        this.#state = this.#remaining === 0 ? 'trailer' : 'data'
        break
      }
      case 'data-end':
        if (line !== '') throw new InvalidResponse('a chunk is longer than its size')
        this.#state = 'size'
        break
      default:
        this.#onTrailer(line)
    }
  }

  #onTrailer(line: string): void {
    if (line === '') {
      this.trailers = this.#trailerFields
      return
    }
    this.#trailerBytes += line.length
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00-\x08\x0a-\x1f\x7f]*)$/.exec(line)
    if (field === null || this.#trailerBytes > this.#maxTrailerBytes)
      throw new InvalidResponse('a trailer field is not valid')
    if (this.#trailerFields.length >= 2 * MAX_TRAILER_FIELDS)
      throw new InvalidResponse('the response has too many trailer fields')
    const [, name = '', value = ''] = field
    this.#trailerFields.push(name, trimmed(value, 0, value.length))
  }
}
