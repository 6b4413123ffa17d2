/**
 * The text of JSON content, read ahead if only the content shows what a request does. It is not parsed, because servers
 * differ in what they accept as JSON (duplicate members, comments, quotes), and the search is for a name in any
 * position.
 */
import type { IncomingMessage } from 'node:http'
import type { RequestFields } from '../http/request-fields.ts'
import { hasContent } from '../http/request-fields.ts'
import { peekContent } from '../listener/peek-content.ts'

const BOUNDS = { maxBytes: 65_536, timeoutMs: 10_000 }

const JSON_TYPE = /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i
/** In another encoding the same bytes are another text. */
const OTHER_CHARSET = /charset\s*=(?!\s*"?\s*utf-8\b)/i

/**
 * Escapes are taken off. Undefined where what the server will read is not known: no JSON, encoded, too long, or too
 * slow.
 */
export async function jsonPreview(message: IncomingMessage, fields: RequestFields): Promise<string | undefined> {
  const { 'content-type': type = '', 'content-encoding': coding = 'identity' } = fields.kept
  if (!hasContent(fields)) return ''
  if (!JSON_TYPE.test(type) || OTHER_CHARSET.test(type) || !/^\s*identity\s*$/i.test(coding)) return undefined
  const content = await peekContent(message, BOUNDS)
  return content === undefined ? undefined : textOf(content)
}

function textOf(content: Buffer): string | undefined {
  // NUL never occurs in JSON as UTF-8, but always as UTF-16.
  if (content.includes(0)) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content)
    return text.replace(/\\u([0-9a-f]{4})/gi, (_, unit: string) => String.fromCharCode(Number.parseInt(unit, 16)))
  } catch {
    return undefined
  }
}
