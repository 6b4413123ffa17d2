/**
 * Skips quoted strings (RFC 9110 5.6.4) in one pass: each character is examined once, whatever the text is.
 */

/** The index after the quoted string that begins at `start`; -1: it does not end. */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return -1
}

/** The parts between separators that are not quoted. Where a quoted string does not end, none begins from there on. */
export function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = []
  let begin = 0
  let mayQuote = true
  for (let at = 0; at < text.length; at++) {
    if (text[at] === separator) {
      parts.push(text.slice(begin, at))
      begin = at + 1
    } else if (mayQuote && text[at] === '"') {
      const end = endOfQuoted(text, at)
      mayQuote = end !== -1
      if (mayQuote) at = end - 1
    }
  }
  parts.push(text.slice(begin))
  return parts
}

/** What is not quoted; a quoted string that does not end counts as not quoted. */
export function unquoted(text: string): string {
  let rest = ''
  let begin = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', begin)) {
    const end = endOfQuoted(text, at)
    if (end === -1) break
    rest += text.slice(begin, at)
    begin = end
  }
  return rest + text.slice(begin)
}

/** What a token or quoted string says; undefined where a quoted string does not end with the text. */
export function textOf(text: string): string | undefined {
  if (!text.startsWith('"')) return text
  return endOfQuoted(text, 0) === text.length ? text.slice(1, -1).replace(/\\(.)/g, '$1') : undefined
}
