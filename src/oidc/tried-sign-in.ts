/**
 * A sign-in that a person makes for `torhaus op-check --sign-in`. Their browser ends at the redirect URI, where a
 * Torhaus that knows nothing of it leaves the code alone; they bring back the address that it shows. An answer by
 * `form_post` (OAuth 2.0 Form Post Response Mode) becomes such an address at a Torhaus that runs there; where none
 * does, they bring back the form.
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
