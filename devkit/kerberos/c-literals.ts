/** What stands in initialisers of C: names, numbers, and strings, those in a row as one. */
export type Literal = string | number | Buffer

const TOKEN = /\/\*[\s\S]*?\*\/|"((?:\\[\s\S]|[^"\\])*)"|\b(0x[0-9a-fA-F]+|\d+)\b|\b([A-Za-z_]\w*)\b/g

/** Names as strings, string literals as their octets. */
export function literalsOf(text: string): Literal[] {
  const found: Literal[] = []
  let end = -1
  for (const match of text.matchAll(TOKEN)) {
    const [whole, quoted, number, name] = match
    if (quoted !== undefined) {
      const before = found.at(-1)
      const octets = octetsOf(quoted)
      const isContinued = Buffer.isBuffer(before) && text.slice(end, match.index).trim() === ''
      if (isContinued) found[found.length - 1] = Buffer.concat([before, octets])
      else found.push(octets)
    } else if (number !== undefined) found.push(Number(number))
    else if (name !== undefined) found.push(name)
    end = match.index + whole.length
  }
  return found
}

const ESCAPE = /\\x([0-9a-fA-F]{1,2})|\\([0-7]{1,3})|\\([\s\S])|([^\\])/g

const octetsOf = (quoted: string): Buffer =>
  Buffer.concat(
    [...quoted.matchAll(ESCAPE)].map(([, hex, octal, escaped, plain]) => {
      if (hex !== undefined) return Buffer.from([Number.parseInt(hex, 16)])
      if (octal !== undefined) return Buffer.from([Number.parseInt(octal, 8)])
      return Buffer.from(plain ?? escaped ?? '')
    }),
  )

/** The initialiser of that variable. */
export function initialiser(text: string, name: string): string {
  const start = text.search(new RegExp(String.raw`\b${name}(\[\])? = \{`))
  if (start < 0) throw new Error(`there is no ${name}`)
  return text.slice(text.indexOf('{', start), text.indexOf('\n};', start))
}
