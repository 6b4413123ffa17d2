/** What does it cost to see which credentials a request carries? */
import { bench, do_not_optimize, group } from 'mitata'
import { classifyCredentials } from '../../middleware/classify-credentials.ts'
import type { Traced } from '../../src/exchange.ts'
import { createPolicyUnderTest } from './policy-parts.ts'

const { policy, arrivals, classify, newToken, close } = await createPolicyUnderTest()
export const undo = close

const stage = classifyCredentials(classify)
const unknownToken = await newToken()

async function trace(scheme: keyof typeof arrivals): Promise<Traced> {
  const verdict = await policy.arrive.run(arrivals[scheme])
  if (!verdict.passed) throw new Error(`refused at ${verdict.stage}`)
  return verdict.exchange
}

function withAuthorization(traced: Traced, authorization: string): Traced {
  const { fields } = traced
  return { ...traced, fields: { ...fields, kept: { ...fields.kept, authorization } } }
}

const bearer = await trace('bearer')
const requests = {
  session: await trace('session'),
  'access token, verified before': bearer,
  'access token, new': withAuthorization(bearer, `Bearer ${unknownToken}`),
  'personal access token': await trace('pat'),
  ticket: withAuthorization(bearer, `Negotiate ${'YII'.repeat(700)}`),
}

group('classify', () => {
  for (const [what, traced] of Object.entries(requests)) bench(what, () => do_not_optimize(stage(traced)))
})
