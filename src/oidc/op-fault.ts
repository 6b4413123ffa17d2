import * as client from 'openid-client'
import { Fault } from '../errors.ts'
import { isAwayByStatus, opRefusal } from './op-refusal.ts'

/** The OP answered with an error (RFC 6749 4.1.2.1, 5.2). */
const REFUSALS = [
  'access_denied',
  'invalid_grant',
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
  'unmet_authentication_requirements',
]

/** `otherwise`: for an answer that was no answer. `place`: where the OP gave it. */
export function toOpFault(
  error: unknown,
  otherwise: 'op-unreachable' | 'op-response-invalid',
  place = error instanceof client.AuthorizationResponseError ? 'authorization endpoint' : 'token endpoint',
): Fault {
  if (error instanceof Fault) return error
  const refusal = opRefusal(error, place)
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
    if (REFUSALS.includes(error.error)) return new Fault('sign-in-refused', refusal)
    if (error.error === 'temporarily_unavailable' || error.error === 'server_error')
      return new Fault('op-unreachable', refusal)
  }
  if (isAwayByStatus(error)) return new Fault('op-unreachable', refusal)
  // fetch reports a connection that failed as a TypeError, and a timeout as a DOMException.
  const root = error instanceof client.ClientError ? error.cause : error
  if (root instanceof Fault) return root
  const isNetwork = root instanceof DOMException || (root instanceof TypeError && root.message === 'fetch failed')
  if (isNetwork) return new Fault('op-unreachable', error)
  // Metadata of another issuer (OIDC Discovery 4.3): a server was reached, and waiting does not help.
  const isMismatch = error instanceof client.ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'
  return new Fault(isMismatch ? 'op-response-invalid' : otherwise, refusal)
}
