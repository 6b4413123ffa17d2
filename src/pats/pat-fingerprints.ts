import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'

const KEY_BYTES = 32
const FINGERPRINT_BYTES = 16
const KEY_ID_LENGTH = 6
/** Tokens whose fingerprints are kept in memory: a client sends the same one with each request. */
const MAX_REMEMBERED = 30_000

/** The fingerprints of a personal access token, one per key, that of the newest key first. */
export type FingerprintOf = (token: string) => readonly string[]

export interface PatFingerprints {
  readonly of: FingerprintOf
  /** Whether a token with that fingerprint can still be recognised: false once its key is gone. */
  isRecognisable(fingerprint: string): boolean
}

/**
 * Fingerprints: HMAC-SHA-256, truncated to 16 bytes (RFC 2104 5), in base64url, followed by an id of the key. A reader
 * of the store cannot test a guess without the key. The keys are derived from the session keys by HKDF (RFC 5869), so
 * that neither use reveals anything about the other.
 */
export function patFingerprints(keys: readonly Buffer[]): PatFingerprints {
  const derived = keys.map(key => Buffer.from(hkdfSync('sha256', key, '', 'torhaus pat fingerprint', KEY_BYTES)))
  const known = derived.map(key => ({ key, id: idOf(key) }))
  const remembered = new BoundedMap<string, readonly string[]>(MAX_REMEMBERED)
  const make = (token: string): readonly string[] => {
    const made = known.map(({ key, id }) => {
      const mac = createHmac('sha256', key).update(token).digest().subarray(0, FINGERPRINT_BYTES)
      return mac.toString('base64url') + id
    })
    remembered.set(token, made)
    return made
  }
  return {
    of: token => remembered.get(token) ?? make(token),
    isRecognisable: fingerprint => known.some(({ id }) => fingerprint.endsWith(id)),
  }
}

const idOf = (key: Buffer) => createHash('sha256').update(key).digest('base64url').slice(0, KEY_ID_LENGTH)
