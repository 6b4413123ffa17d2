import { Transform } from 'node:stream'

export type CgiHeader = { readonly status: number; readonly fields: Readonly<Record<string, string>> }

/** Far above what git writes. */
const maxHeaderBytes = 64 * 1024

/** Splits the output of a CGI program (RFC 3875 section 6): the header goes to `onHeader`, the body through. */
export function createCgiHeaderReader(onHeader: (header: CgiHeader) => void): Transform {
  let head = Buffer.alloc(0)
  let headerSeen = false

  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      if (headerSeen) {
        callback(null, chunk)
        return
      }
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) {
        callback(head.length > maxHeaderBytes ? new Error('the CGI header does not end') : null)
        return
      }
      headerSeen = true
      onHeader(parseCgiHeader(head.toString('latin1', 0, end)))
      callback(null, head.subarray(end + 4))
      head = Buffer.alloc(0)
    },
    flush(callback) {
      callback(headerSeen ? null : new Error('the CGI program ended without a header'))
    },
  })
}

function parseCgiHeader(text: string): CgiHeader {
  const lines = text.split('\r\n').flatMap(line => {
    const colon = line.indexOf(':')
    return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()] as const]
  })
  // RFC 3875 section 6.3.3: no Status means 200.
  const status = lines.find(([name]) => name.toLowerCase() === 'status')?.[1] ?? '200'
  return {
    status: Number.parseInt(status, 10),
    fields: Object.fromEntries(lines.filter(([name]) => name.toLowerCase() !== 'status')),
  }
}
