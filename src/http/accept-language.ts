/** Which language a reader wants (RFC 9110 12.5.4), of those there are. */

/** Browsers send fewer than ten; the rest is not looked at. */
const MAX_RANGES = 30

/**
 * The language of `available` that the value of an Accept-Language field asks for first, by the lookup of RFC 4647 3.4:
 * a range fits a tag that is the same or shorter. Where none does, a range fits a tag that is longer (3.3.1): `pt` gets
 * `pt-BR`. Nothing asked for, or nothing of it there: the first of `available`, which must not be empty.
 */
export function preferredLanguage(field: string | undefined, available: readonly string[]): string {
  const [byDefault = ''] = available
  if (field === undefined) return byDefault
  const ranges = field.split(',', MAX_RANGES).flatMap(text => rangeOf(text) ?? [])
  const refused = ranges.filter(({ weight }) => weight === 0).map(({ range }) => range)
  const left = available.filter(tag => !refused.includes(tag.toLowerCase()))
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((one, other) => other.weight - one.weight)
  for (const { range } of wanted) {
    const found = range === '*' ? left[0] : fitting(range, left)
    if (found !== undefined) return found
  }
  return byDefault
}

interface Range {
  readonly range: string
  readonly weight: number
}

const RANGE =
  /^[ \t]{0,9}([a-z]{1,8}(?:-[a-z0-9]{1,8}){0,8}|\*)[ \t]{0,9}(?:;[ \t]{0,9}q=([01](?:\.\d{0,3})?)[ \t]{0,9})?$/i

/** Undefined: not of that grammar, and so not asked for. */
function rangeOf(text: string): Range | undefined {
  const [, range, weight = '1'] = RANGE.exec(text) ?? []
  return range === undefined ? undefined : { range: range.toLowerCase(), weight: Math.min(1, Number(weight)) }
}

function fitting(range: string, available: readonly string[]): string | undefined {
  for (let shorter = range; shorter !== ''; shorter = withoutLastPart(shorter)) {
    const same = available.find(tag => tag.toLowerCase() === shorter)
    if (same !== undefined) return same
  }
  return available.find(tag => tag.toLowerCase().startsWith(`${range}-`))
}

/** A single letter or digit goes with what it introduces (RFC 4647 3.4). */
const withoutLastPart = (range: string) => range.replace(/(-[a-z0-9])?-?[a-z0-9]*$/, '')
