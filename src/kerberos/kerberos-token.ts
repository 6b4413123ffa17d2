import { KerberosError } from './kerberos-error.ts'
import { classifyNegotiateToken, type NegotiateToken } from './protocol/negotiate-token.ts'

/** A ticket with 900 groups makes 9 KB; Windows goes to 48,000 by default, and no further than 65,535 (MaxTokenSize). */
export const MAX_TOKEN_BYTES = 65_536

/** Throws `token-defective` or `ntlm` for what no acceptor needs to look at. */
export function kerberosToken(token: Buffer): Extract<NegotiateToken, { readonly kind: 'krb5' | 'spnego' }> {
  if (token.length === 0 || token.length > MAX_TOKEN_BYTES) throw new KerberosError('token-defective', 'accept')
  const seen = classifyNegotiateToken(token)
  if (seen.kind === 'ntlm') throw new KerberosError('ntlm', 'accept')
  if (seen.kind === 'unknown') throw new KerberosError('token-defective', 'accept')
  return seen
}
