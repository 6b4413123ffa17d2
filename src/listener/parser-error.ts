import type { Socket } from 'node:net'
import type { Code } from '../errors.ts'

/** An error of Node's parser. */
export interface ParserError extends Error {
  readonly code?: string
  /** What was read last, and how much of it was understood. */
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

/** A request line but for the method, which the parser does not know (RFC 9110 9.1, RFC 9112 3). */
const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} [^\s]+ HTTP\/1\.[01]\r?\n/

export function codeOfParserError(error: ParserError): Code {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'request-head-too-large'
    case 'HPE_INVALID_EOF_STATE':
      return 'request-content-aborted'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'request-head-timeout'
    case 'HPE_INVALID_METHOD':
      return REQUEST_LINE.test(lineOf(error)) ? 'method-unknown' : 'request-malformed'
    default:
      return 'request-malformed'
  }
}

/** Of Node's parser as it stands on the socket of its connection: an internal of Node, so without it nothing is concluded. */
interface ParsedSocket extends Socket {
  readonly parser?: { readonly finish?: () => unknown } | null
}

/**
 * Whether a request has begun and is incomplete, so that the parser must not end here (RFC 9112 8). Empty lines before
 * it do not count (RFC 9112 2.2).
 */
export function hasBegunRequest(socket: Socket): boolean {
  const { parser }: ParsedSocket = socket
  return typeof parser?.finish !== 'function' || parser.finish() instanceof Error
}

/** The beginning of the line that was not understood. */
function lineOf({ rawPacket, bytesParsed = 0 }: ParserError): string {
  if (rawPacket === undefined) return ''
  const start = bytesParsed === 0 ? 0 : rawPacket.lastIndexOf('\n', bytesParsed - 1) + 1
  return rawPacket.toString('latin1', start, start + 8192)
}
