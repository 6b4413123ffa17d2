import { createHmac, hkdfSync } from 'node:crypto'

const KEY_BYTES = 32
const FINGERPRINT_BYTES = 16

/** The fingerprints of a personal access token, one per key, that of the newest key first. */
export type FingerprintOf = (token: string) => readonly string[]

/**
 * Fingerprints: HMAC-SHA-256, cut to 16 bytes (RFC 2104 5), in base64url. Who reads the store cannot test a guess without the
 * key. The keys come from those of the sessions by HKDF (RFC 5869), so that neither use tells anything about the other.
 */
export function patFingerprints(keys: readonly Buffer[]): FingerprintOf {
  const derived = keys.map(key => Buffer.from(hkdfSync('sha256', key, '', 'torhaus pat fingerprint', KEY_BYTES)))
  return token =>
    derived.map(key =>
      createHmac('sha256', key).update(token).digest().subarray(0, FINGERPRINT_BYTES).toString('base64url'),
    )
}
