/** Names of fields repeat. How many spellings are remembered is bounded, and how long they are. */
const MAX_REMEMBERED = 2048
const MAX_REMEMBERED_LENGTH = 64

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const lowered = new Map<string, string>()

/** In lower case; undefined where it is no name. */
export function lowerCaseName(name: string): string | undefined {
  const known = lowered.get(name)
  if (known !== undefined) return known
  if (!TOKEN.test(name)) return undefined
  if (lowered.size >= MAX_REMEMBERED || name.length > MAX_REMEMBERED_LENGTH) return name.toLowerCase()
  const own = ownText(name)
  const lower = own.toLowerCase()
  lowered.set(own, lower)
  return lower
}

/** In a piece of its own: a part of a text keeps all of it. */
export const ownText = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')
