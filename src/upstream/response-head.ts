import { fieldNameOf } from '../http/field-name.ts'
import { InvalidResponse } from './invalid-response.ts'

/** How the end of the content is determined (RFC 9112 6.3): by length, by chunks, or by the end of the connection. */
type Framing = number | 'chunked' | 'close'

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** Name, value, name, value, as received; obsolete line folding is refused (RFC 9112 5.2). */
  readonly rawFields: string[]
  readonly framing: Framing
  /** It ends the response, though its fields speak of content: a server at fault may send that nevertheless, and late. */
  readonly leavesDoubt: boolean
  /** RFC 9112 9.3. */
  readonly keepsConnection: boolean
  /** The server states that it binds authentication to the connection (MS-N2HT 2.2.2), or is about to. */
  readonly bindsIdentity: boolean
  /** How many seconds the server keeps an idle connection, if it states that (`Keep-Alive: timeout=N`). */
  readonly keepAliveSeconds: number | undefined
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/
/**
 * Lines without control characters other than tab; no carriage return or line feed stands alone. Looking for those, at each
 * place anew, takes three to four times as long.
 */
const LINES = /^[^\x00-\x08\x0a-\x1f\x7f]*(?:\r\n[^\x00-\x08\x0a-\x1f\x7f]*)*$/
/** An answer within a handshake, not the offer of one (RFC 4559 4.1). */
const HANDSHAKE = /\b(?:ntlm|negotiate)[ \t]+[\w+/]/i
const MAX_FIELDS = 1000
const LENGTH = /^\d{1,15}$/
const UNTRUSTED = 'the framing of the response cannot be trusted'

/** What the fields say about the message itself. */
interface Control {
  length: string | undefined
  coding: string | undefined
  connection: string
  keepAlive: string
  bindsIdentity: boolean
}

/** Reads a head without its empty line. Throws InvalidResponse. */
export function readHead(text: string, isHeadRequest: boolean): ResponseHead {
  if (!LINES.test(text)) throw new InvalidResponse('the response head has a character that is not allowed')
  const lineEnd = text.indexOf('\r\n')
  const line = STATUS_LINE.exec(lineEnd === -1 ? text : text.slice(0, lineEnd))
  if (line === null) throw new InvalidResponse('the status line of the response is not valid')
  const rawFields: string[] = []
  const control: Control = { length: undefined, coding: undefined, connection: '', keepAlive: '', bindsIdentity: false }
  for (let start = lineEnd === -1 ? text.length : lineEnd + 2; start < text.length; ) {
    const next = text.indexOf('\r\n', start)
    const end = next === -1 ? text.length : next
    readField(text, start, end, rawFields, control)
    start = end + 2
  }
  if (rawFields.length > 2 * MAX_FIELDS) throw new InvalidResponse('the response has too many fields')
  const status = Number(line[2])
  const connection = control.connection.toLowerCase()
  const isKept = !/\bclose\b/.test(connection) && (line[1] === '1' || /\bkeep-alive\b/.test(connection))
  const timeout = control.keepAlive === '' ? null : /\btimeout=(\d{1,6})\b/i.exec(control.keepAlive)
  return {
    status,
    reason: line[3] ?? '',
    rawFields: control.length !== undefined && hasNoLength(status) ? withoutLength(rawFields) : rawFields,
    framing: framingOf(status, isHeadRequest, control, line[1] === '1'),
    leavesDoubt: leavesDoubt(status, isHeadRequest, control),
    keepsConnection: isKept && !(status === 204 && announcesContent(control)),
    bindsIdentity: control.bindsIdentity,
    keepAliveSeconds: timeout === null ? undefined : Number(timeout[1]),
  }
}

function readField(text: string, start: number, end: number, rawFields: string[], control: Control): void {
  const colon = text.indexOf(':', start)
  if (colon === -1 || colon >= end) throw new InvalidResponse('a line of the response head is no field')
  const field = fieldNameOf(text.slice(start, colon))
  if (field === undefined) throw new InvalidResponse('a field name in the response is not valid')
  const value = trimmed(text, colon + 1, end)
  switch (field.lower) {
    case 'content-length':
      if (control.length !== undefined && control.length !== value)
        throw new InvalidResponse('two lengths in one response')
      // Said twice, passed on once (RFC 9112 6.3).
      if (control.length === value) return
      control.length = value
      break
    case 'transfer-encoding':
      control.coding = control.coding === undefined ? value : `${control.coding}, ${value}`
      break
    case 'connection':
      control.connection += `,${value}`
      break
    case 'keep-alive':
      control.keepAlive += value
      break
    case 'persistent-auth':
      control.bindsIdentity ||= value.toLowerCase() === 'true'
      break
    case 'www-authenticate':
      control.bindsIdentity ||= HANDSHAKE.test(value)
      break
  }
  rawFields.push(field.name, value)
}

/**
 * A 204 ends with its head, whatever it says (RFC 9112 6.3). A server that says so may send content all the same, which
 * must not become the answer to somebody else's request.
 */
const announcesContent = ({ length, coding }: Control) =>
  coding !== undefined || (length !== undefined && !/^0+$/.test(length))

/** The head ends the response (RFC 9112 6.3). Such a 204 ends the connection, see above. */
function leavesDoubt(status: number, isHeadRequest: boolean, control: Control): boolean {
  if (status === 204 || status === 304) return status === 304 && announcesContent(control)
  return isHeadRequest && (control.length === undefined || announcesContent(control))
}

/** RFC 9110 8.6: a length there is a mistake, and the client's parser may stumble over it. */
const hasNoLength = (status: number) => status < 200 || status === 204

const withoutLength = (rawFields: readonly string[]): string[] =>
  rawFields.filter((_, index) => (rawFields[index - (index % 2)] as string).toLowerCase() !== 'content-length')

/** Without optional white space (RFC 9110 5.6.3): space and tab only, other octets belong to the value. */
export function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to]
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isBlank = (code: number) => code === 0x20 || code === 0x09

function framingOf(status: number, isHeadRequest: boolean, { length, coding }: Control, isHttp11: boolean): Framing {
  if (status < 200 || status === 204) return 0
  // Also where there is no content: clients would frame by what goes on to them (RFC 9110 8.6).
  if (length !== undefined && !LENGTH.test(length))
    throw new InvalidResponse('the length of the response is not a number')
  // Both, or a coding we cannot take off: an attempt to make two readers disagree (RFC 9112 6.1, 6.3).
  if (coding !== undefined && length !== undefined) throw new InvalidResponse(UNTRUSTED)
  if (isHeadRequest || status === 304) return 0
  if (coding !== undefined) {
    if (!isHttp11 || coding.toLowerCase() !== 'chunked') throw new InvalidResponse(UNTRUSTED)
    return 'chunked'
  }
  return length === undefined ? 'close' : Number(length)
}
