/** How servers read a path: what they look for when they are asked for a target. */
import { RawConnection } from '../clients/raw-http.ts'

export interface PathReader {
  readonly name: string
  /** Undefined: it refuses the target. */
  read(target: string): string | undefined | Promise<string | undefined>
}

/** A server that answers with the path in base64, in the field `X-Path`, or in its content as it is. */
export function overHttp(name: string, port: number): PathReader {
  return {
    name,
    async read(target) {
      const connection = await RawConnection.open(port)
      try {
        connection.send(`GET ${target} HTTP/1.1\r\nHost: oracle.example\r\nConnection: close\r\n\r\n`)
        const { status, one, content } = await connection.response()
        if (status !== 200) return undefined
        const encoded = one('X-Path')
        return textOf(encoded === undefined ? content : Buffer.from(encoded, 'base64'))
      } finally {
        connection.close()
      }
    },
  }
}

/** As UTF-8 where it is, else each byte a character. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? bytes.toString('latin1') : text
}

/** The URL standard, and a server that decodes what it gives. */
export const nodeUrl: PathReader = {
  name: 'URL of Node',
  read: target => URL.parse(`http://oracle.example${target}`)?.pathname,
}

export const nodeUrlDecoded: PathReader = {
  name: 'URL of Node, decoded',
  read(target) {
    try {
      return decodeURIComponent(URL.parse(`http://oracle.example${target}`)?.pathname ?? '%')
    } catch {
      return undefined
    }
  },
}

/**
 * IIS, after Microsoft's documentation of http.sys and request filtering: `%uNNNN` and UTF-8 are decoded, bytes that
 * are no UTF-8 by the code page; `\` is `/`; dot segments are resolved, and dots and spaces at the end of a name
 * dropped. What would be decoded twice is refused (404.11), unless `allowDoubleEscaping`.
 */
export const iis = (allowDoubleEscaping: boolean): PathReader => ({
  name: allowDoubleEscaping ? 'IIS, double escapes allowed' : 'IIS',
  read(target) {
    const once = windowsText(target.split('?', 1)[0] ?? '')
    const twice = windowsText(once)
    if (twice !== once && !allowDoubleEscaping) return undefined
    const path = twice.replaceAll('\\', '/')
    if (/[\x00-\x1f]/.test(path)) return undefined
    const segments: string[] = []
    for (const segment of path.split('/').slice(1)) {
      if (segment === '..') segments.pop()
      else if (segment !== '.') segments.push(segment.replace(/[. ]{1,64}$/, ''))
    }
    return `/${segments.join('/')}`
  },
})

/**
 * System.Web behind IIS, after `CookielessHelper.RemoveCookielessValuesFromPath` of .NET Framework: the last segment of
 * the form `(X(value)Y(value))` is a session without cookies, and no part of the path.
 */
export const systemWeb: PathReader = {
  name: 'IIS with System.Web',
  async read(target) {
    const path = await iis(false).read(target)
    return path?.replace(/^(.*)\/\((?:[A-Z]\([^/)]*\))+\)(?=\/)/s, '$1')
  },
}

function windowsText(text: string): string {
  const units = text.replace(/%u([0-9a-f]{4})/gi, (_, unit: string) => String.fromCharCode(Number.parseInt(unit, 16)))
  return units.replace(/(?:%[0-9a-f]{2})+/gi, run => textOf(Buffer.from(run.replaceAll('%', ''), 'hex')))
}
