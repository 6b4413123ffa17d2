/** What does the verdict about an access token cost: remembered, and with its signature checked? */
import { bench, do_not_optimize, group } from 'mitata'
import { createPolicyUnderTest } from './policy-parts.ts'

const { verifier, newToken, close } = await createPolicyUnderTest()
export const undo = close

const known = await newToken()
if ('refused' in (await verifier.verify(known))) throw new Error('the token is refused')
// A wrong verdict is not remembered: each call checks the signature.
const forged = `${(await newToken()).slice(0, -8)}AAAAAAAA`
const verdict = await verifier.verify(forged)
if (!('refused' in verdict) || verdict.refused !== 'bearer-signature-invalid')
  throw new Error('the token is not refused')

group('access token', () => {
  bench('remembered', () => do_not_optimize(verifier.verify(known)))
  bench('RS256 signature checked', async () => do_not_optimize(await verifier.verify(forged)))
})
