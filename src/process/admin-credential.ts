import { createHash, timingSafeEqual } from 'node:crypto'
import { readSecret } from '../../config/secret.ts'

/** Says whether an Authorization field has what opens the admin listener. */
export type AdminCheck = (authorization: string | undefined) => boolean

/**
 * Reads the credential; undefined: there is none, and everybody may ask. As Bearer (RFC 6750 2.1), or as the password
 * of Basic (RFC 7617 2) under any name: a browser and some programs know nothing else.
 */
export function adminCheck(credentialFile: string | undefined): AdminCheck {
  if (credentialFile === undefined) return () => true
  const expected = digest(readSecret(credentialFile).reveal())
  return authorization => {
    const given = credentialIn(authorization ?? '')
    // Digests have one length, whatever was sent.
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
