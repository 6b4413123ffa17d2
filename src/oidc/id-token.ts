import { compactVerify, decodeProtectedHeader, errors } from 'jose'
import { Fault } from '../errors.ts'
import type { OpKeys } from './op-keys.ts'
import { said } from './op-refusal.ts'
import { SIGNATURE_ALGORITHMS } from './signature-algorithms.ts'

/**
 * Validates an ID token (OIDC Core 3.1.3.7), including its signature, even if it came over TLS. Rejects with
 * `op-response-invalid`, `op-unreachable` and the like.
 */
export async function verifyIdTokenSignature(idToken: string, keys: OpKeys): Promise<void> {
  const { resolve } = await keys.keySet(true)
  try {
    await compactVerify(idToken, resolve, { algorithms: SIGNATURE_ALGORITHMS })
  } catch (error) {
    if (error instanceof Fault) throw error
    const { alg, kid } = decodeProtectedHeader(idToken)
    const key = kid === undefined ? 'no kid' : `kid ${said(kid)}`
    throw new Fault(
      'op-response-invalid',
      new Error(`ID token: ${whyRefused(error, said(alg), key)}`, { cause: error }),
    )
  }
}

/** In words for the log. */
function whyRefused(error: unknown, alg: string, key: string): string {
  if (error instanceof errors.JOSEAlgNotAllowed)
    return `it is signed with ${alg}; accepted: ${SIGNATURE_ALGORITHMS.join(' ')}`
  if (error instanceof errors.JWKSNoMatchingKey) return `the OP publishes no key for ${alg}, ${key}`
  if (error instanceof errors.JWKSMultipleMatchingKeys) return `the OP publishes several keys for ${alg}, ${key}`
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return `the signature was not made with the key for ${alg}, ${key}`
  return error instanceof errors.JWSInvalid ? 'it is not a signed token' : `the key for ${alg}, ${key} cannot be used`
}
