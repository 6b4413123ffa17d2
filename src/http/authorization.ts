/** The Authorization field (RFC 9110 11.6.2) and the Basic scheme (RFC 7617). */

export interface Authorization {
  /** Lower case: scheme names are case-insensitive (RFC 9110 11.1). */
  readonly scheme: string
  /** What follows the scheme: token68 or parameters. */
  readonly credentials: string
}

const SHAPE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: +([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?))? *$/

export function parseAuthorization(value: string): Authorization | undefined {
  const match = SHAPE.exec(value)
  return match === null ? undefined : { scheme: (match[1] ?? '').toLowerCase(), credentials: match[2] ?? '' }
}

export interface BasicCredentials {
  readonly username: string
  readonly password: string
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** RFC 7617 2: base64 of `user-id:password`, UTF-8; the user-id holds no colon. Undefined when it cannot be read. */
export function parseBasic(token: string): BasicCredentials | undefined {
  if (!BASE64.test(token) || token.length % 4 === 1) return undefined
  const octets = Buffer.from(token, 'base64')
  const text = octets.toString('utf8')
  // Small buffers are parts of one that lives as long as the process.
  octets.fill(0)
  const colon = text.indexOf(':')
  if (colon === -1 || /[\x00-\x1f\x7f]/.test(text)) return undefined
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/**
 * Whether a Negotiate token is NTLM: raw (`NTLMSSP\0`), or offered first inside SPNEGO (RFC 4178; OID
 * 1.3.6.1.4.1.311.2.2.10).
 */
export function isNtlm(token: string): boolean {
  if (token.startsWith('TlRMTVNTUA')) return true
  const start = Buffer.from(token.slice(0, 512), 'base64')
  const ntlm = start.indexOf(NTLM_OID)
  if (ntlm === -1) return false
  const kerberos = [KERBEROS_OID, MS_KERBEROS_OID].map(oid => start.indexOf(oid)).filter(at => at !== -1)
  return kerberos.every(at => ntlm < at)
}

const NTLM_OID = Buffer.from('060a2b06010401823702020a', 'hex')
const KERBEROS_OID = Buffer.from('06092a864886f712010202', 'hex')
const MS_KERBEROS_OID = Buffer.from('06092a864882f712010202', 'hex')
