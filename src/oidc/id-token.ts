import { compactVerify } from 'jose'
import { Fault } from '../errors.ts'
import type { OpKeys } from './op-keys.ts'
import { SIGNATURE_ALGORITHMS } from './signature-algorithms.ts'

/**
 * OIDC Core 3.1.3.7, also where TLS would do. Rejects with `op-response-invalid`, or with `op-unreachable` and the
 * like.
 */
export async function verifyIdTokenSignature(idToken: string, keys: OpKeys): Promise<void> {
  const { resolve } = await keys.keySet(true)
  try {
    await compactVerify(idToken, resolve, { algorithms: SIGNATURE_ALGORITHMS })
  } catch (error) {
    throw error instanceof Fault ? error : new Fault('op-response-invalid', error)
  }
}
