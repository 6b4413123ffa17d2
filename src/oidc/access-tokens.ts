import type { TokenVerdict } from './access-token.ts'
import { type AccessTokenVerifier, unverifiedIssuer } from './access-token.ts'

/** What the stages need from access tokens, whichever OP issued them. */
export type AccessTokens = Pick<AccessTokenVerifier, 'knows' | 'verify'>

const DISABLED: TokenVerdict = { refused: 'bearer-disabled', why: undefined }

/** Of several OPs: a token is verified by the one whose name it bears, and by no other. */
export function accessTokensByIssuer(verifiers: ReadonlyMap<string, AccessTokens>): AccessTokens {
  const all = [...new Set(verifiers.values())]
  return {
    knows: token => all.some(verifier => verifier.knows(token)),
    verify(token): TokenVerdict | Promise<TokenVerdict> {
      const known = all.find(verifier => verifier.knows(token))
      return (known ?? verifiers.get(unverifiedIssuer(token) ?? ''))?.verify(token) ?? DISABLED
    },
  }
}
