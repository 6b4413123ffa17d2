import { BoundedMap } from '../bounded-map.ts'

/** Remembers field names, because they repeat. The number and length of the remembered spellings are bounded. */
const MAX_REMEMBERED = 2048
const MAX_REMEMBERED_LENGTH = 64

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export interface FieldName {
  /** As it is spelled; the same text for each field of that name, where it is remembered. */
  readonly name: string
  readonly lower: string
}

const known = new BoundedMap<string, FieldName>(MAX_REMEMBERED)

/** Undefined if it is not a field name. */
export function fieldNameOf(name: string): FieldName | undefined {
  const found = known.get(name)
  if (found !== undefined) return found
  if (!TOKEN.test(name)) return undefined
  const isRemembered = name.length <= MAX_REMEMBERED_LENGTH
  const own = isRemembered ? ownText(name) : name
  const made = { name: own, lower: own.toLowerCase() }
  if (isRemembered) known.set(own, made)
  return made
}

/** In a piece of its own: a part of a text keeps all of it. */
export const ownText = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')
