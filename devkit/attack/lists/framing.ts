/** Messages that two parsers might frame differently (RFC 9112 6.3, 11.2): a second request hidden in the first. */
import { chunked, requestText } from '../../clients/raw-http.ts'
import { patField } from '../../torhaus/proxy-under-test.ts'
import { type Attack, raw } from '../attack.ts'

const post = (...fields: readonly string[]) =>
  ['POST /framing HTTP/1.1', 'Host: {host}', patField, ...fields, '', ''].join('\r\n')

const MESSAGES: Readonly<Record<string, string>> = {
  'length and chunked together': post('Content-Length: 5', 'Transfer-Encoding: chunked') + chunked('hello'),
  'two lengths that differ': `${post('Content-Length: 5', 'Content-Length: 6')}hello!`,
  'two lengths that agree': `${post('Content-Length: 5', 'Content-Length: 5')}hello`,
  'a list of lengths': `${post('Content-Length: 5, 5')}hello`,
  'a negative length': `${post('Content-Length: -5')}hello`,
  'a length with a plus sign': `${post('Content-Length: +5')}hello`,
  'a hexadecimal length': `${post('Content-Length: 0x5')}hello`,
  'an empty length': `${post('Content-Length: ')}hello`,
  'a length beyond 64 bits': `${post('Content-Length: 18446744073709551617')}hello`,
  'chunked that is not last': post('Transfer-Encoding: chunked, gzip') + chunked('hello'),
  'chunked twice in a field': post('Transfer-Encoding: chunked, chunked') + chunked('hello'),
  'chunked in two fields': post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + chunked('hello'),
  'a coding that looks like chunked': post('Transfer-Encoding: xchunked') + chunked('hello'),
  'the coding identity': `${post('Transfer-Encoding: identity')}hello`,
  'a quoted coding': post('Transfer-Encoding: "chunked"') + chunked('hello'),
  'a vertical tab before chunked': post('Transfer-Encoding: \x0bchunked') + chunked('hello'),
  'white space before the colon': post('Transfer-Encoding : chunked') + chunked('hello'),
  'a folded coding': post('Transfer-Encoding:\r\n chunked') + chunked('hello'),
  'a folded line': `${post('X-Folded: one\r\n two', 'Content-Length: 5')}hello`,
  'a bare LF': `${post('X-One: 1\nX-Two: 2', 'Content-Length: 5')}hello`,
  'a bare CR': `${post('X-One: 1\rX-Two: 2', 'Content-Length: 5')}hello`,
  'a NUL in a value': `${post('X-One: 1\0', 'Content-Length: 5')}hello`,
  'an empty field name': `${post(': value', 'Content-Length: 5')}hello`,
  'two Host fields': `GET /hosts HTTP/1.1\r\nHost: {host}\r\nHost: other.example\r\n${patField}\r\n\r\n`,
  'no Host': `GET /hosts HTTP/1.1\r\n${patField}\r\n\r\n`,
  'absolute form with another Host': `GET http://other.example/ HTTP/1.1\r\nHost: {host}\r\n${patField}\r\n\r\n`,
  'HTTP/0.9': 'GET /\r\n\r\n',
  'HTTP/3.0': `GET / HTTP/3.0\r\nHost: {host}\r\n${patField}\r\n\r\n`,
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  CONNECT: `CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n${patField}\r\n\r\n`,
  TRACE: `TRACE / HTTP/1.1\r\nHost: {host}\r\n${patField}\r\n\r\n`,
  'a chunk size with a sign': `${post('Transfer-Encoding: chunked')}+5\r\nhello\r\n0\r\n\r\n`,
  'a chunk size beyond 64 bits': `${post('Transfer-Encoding: chunked')}fffffffffffffffff\r\nhello\r\n0\r\n\r\n`,
}

/** Framed without doubt: what follows on the connection is a request like any other. */
const WELL_FRAMED = ['no Host', 'two Host fields', 'absolute form with another Host', 'TRACE']

const HIDDEN = '/hidden-'

function wantedOf(name: string, hidden: string): NonNullable<Attack['isWanted']> {
  // What hid behind an earlier attack may arrive late.
  const isOther = (target: string) => target.startsWith(HIDDEN) && target !== hidden
  if (WELL_FRAMED.includes(name)) return ({ target }) => !target.startsWith(HIDDEN)
  // The content of a chunked request may have begun to flow before its fault shows; what must not arrive is the second.
  if (name.startsWith('a chunk size')) return ({ target }) => target === hidden
  return ({ target }) => !isOther(target)
}

/** Behind each stands a request that a proxy and a server could take for different things. */
export const framingAttacks: readonly Attack[] = Object.entries(MESSAGES).map(([name, bytes], index) =>
  raw(
    `framing: ${name}`,
    'plain',
    bytes + requestText(`GET ${HIDDEN}${index}`, ['Host: {host}', patField]),
    wantedOf(name, `${HIDDEN}${index}`),
  ),
)
