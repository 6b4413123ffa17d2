/**
 * Pictures for our own pages. They stand in the page as `data:` URLs of an `img`: browsers run no script there, and load
 * nothing (SVG 2, secure static mode). That no script is in the file is asked all the same.
 */
import { isUtf8 } from 'node:buffer'
import { fileKind, wrongFile } from './file-kind.ts'
import { bytesIn } from './files-read.ts'

/** It goes along with each page. */
const MAX_BYTES = 32_768
const PNG = '89504e470d0a1a0a'
const MUST = 'must contain an SVG or PNG image'

/** As a URL of the scheme `data` (RFC 2397). Throws, in words, where it is no picture for our pages. */
export function readLogo(fileName: string): string {
  const bytes = bytesIn(fileName)
  if (bytes.length > MAX_BYTES)
    throw new Error(
      `${fileName} has ${bytes.length} bytes, but the limit is ${MAX_BYTES}, because it is sent with each page`,
    )
  if (bytes.toString('hex', 0, 8) === PNG) return dataUrl('image/png', bytes)
  const text = bytes.toString()
  if (!isUtf8(bytes) || !/<svg[\s>]/.test(text)) throw new Error(`${fileName} ${wrongFile(fileKind(bytes), MUST)}`)
  const what = ACTIVE.find(({ pattern }) => pattern.test(text))?.what
  if (what !== undefined)
    throw new Error(`${fileName} has ${what}, but must contain only shapes: export it as plain SVG, or as PNG`)
  return dataUrl('image/svg+xml', bytes)
}

const ACTIVE: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'a script', pattern: /<([\w.-]+:)?script\b|javascript:/i },
  { what: 'an event handler', pattern: /\son\w+\s*=/i },
  { what: 'a document type or entities', pattern: /<!(DOCTYPE|ENTITY)/i },
  { what: 'content that is not SVG', pattern: /<([\w.-]+:)?foreignObject\b/i },
  {
    what: 'a reference to somewhere else',
    pattern: /\b(href|src)\s*=\s*["'](?!#|data:image\/)|url\(\s*["']?(?!["'#]|data:image\/)|@import/i,
  },
]

const dataUrl = (type: string, bytes: Buffer) => `data:${type};base64,${bytes.toString('base64')}`
