/**
 * A sign-in that a person makes for `torhaus op-check --sign-in`. Their browser ends at the redirect URI, where a
 * running Torhaus does not know this sign-in and leaves the code unused; the person pastes the address that the browser
 * shows. A running Torhaus also turns an answer by `form_post` (OAuth 2.0 Form Post Response Mode) into such an
 * address; otherwise the person pastes the form data.
 */
import { hash } from 'node:crypto'
import { Fault } from '../errors.ts'
import type { Claims } from './claims.ts'
import type { OpCheckParts } from './op-check.ts'

export interface TriedSignIn {
  /** What the person opens. */
  readonly url: string
  /** `answer`: where it ended, or the form. Rejects with what a sign-in would be refused with. */
  finish(answer: string): Promise<Claims>
}

export async function beginTriedSignIn(
  { op: { provider, settings }, redirectUri, newId }: OpCheckParts,
  maxAgeSeconds: number,
): Promise<TriedSignIn> {
  const [state, nonce, codeVerifier] = [newId(), newId(), newId()]
  const codeChallenge = hash('sha256', codeVerifier, 'base64url')
  const asked = { redirectUri, state, nonce, codeChallenge, maxAgeSeconds, acrValues: [], isAnew: false }
  return {
    url: await provider.authorizationUrl(asked),
    async finish(answer) {
      const isForm = settings.responseMode === 'form_post' && !URL.canParse(answer)
      const address = isForm ? `${redirectUri}?${answer}` : answer
      if (!address.startsWith(`${redirectUri}?`))
        throw new Fault('sign-in-unknown', new Error(`the address does not begin with ${redirectUri}?`))
      return (await provider.exchangeCode(new URL(address), { state, nonce, codeVerifier })).claims
    },
  }
}
