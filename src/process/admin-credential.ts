import { createHash, timingSafeEqual } from 'node:crypto'
import { readSecret } from '../../config/secret.ts'

/** Whether an Authorization field contains the credential of the admin listener. */
export type AdminCheck = (authorization: string | undefined) => boolean

/**
 * Reads the credential; without a file, everybody is allowed. Accepted as Bearer (RFC 6750 2.1) or as the password of
 * Basic (RFC 7617 2) with any user name, because browsers and some programs support only the latter.
 */
export function adminCheck(credentialFile: string | undefined): AdminCheck {
  if (credentialFile === undefined) return () => true
  const expected = digest(readSecret(credentialFile).reveal())
  return authorization => {
    const given = credentialIn(authorization ?? '')
    // `timingSafeEqual` needs equal lengths, which digests have.
    return given !== undefined && timingSafeEqual(digest(given), expected)
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

function credentialIn(authorization: string): string | undefined {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme.toLowerCase() !== 'basic') return value === '' ? undefined : value
  const pair = Buffer.from(value, 'base64').toString()
  const colon = pair.indexOf(':')
  return colon === -1 ? undefined : pair.slice(colon + 1)
}
