import { tags } from '../asn1/der.ts'
import { KerberosError } from './kerberos-error.ts'
import { classifyNegotiateToken, type NegotiateToken } from './protocol/negotiate-token.ts'

/** A ticket with 900 groups makes 9 KB; Windows goes to 48,000 by default, and no further than 65,535 (MaxTokenSize). */
export const MAX_TOKEN_BYTES = 65_536

/** One message is all there is: requests are stateless here. */
export const continueNeeded = (text: string): KerberosError => new KerberosError('continue-needed', 'accept', { text })

/** Throws `token-defective` or `ntlm` for what no acceptor needs to look at. */
export function kerberosToken(token: Buffer): Extract<NegotiateToken, { readonly kind: 'krb5' | 'spnego' }> {
  if (token.length === 0 || token.length > MAX_TOKEN_BYTES) throw new KerberosError('token-defective', 'accept')
  const seen = classifyNegotiateToken(token)
  if (seen.kind === 'ntlm') throw new KerberosError('ntlm', 'accept')
  if (seen.kind === 'unknown') throw new KerberosError('token-defective', 'accept', whatElse(token))
  return seen
}

const whatElse = (token: Buffer): { readonly text?: string } =>
  token[0] === tags.context1 ? { text: 'a later message of a negotiation, of which none is under way here' } : {}
