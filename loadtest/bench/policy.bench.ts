/** What does the whole policy cost, from the head of a request to the decision, with warm caches? */
import { bench, do_not_optimize, group } from 'mitata'
import type { Arrival } from '../../src/exchange.ts'
import { createPolicyUnderTest } from './policy-parts.ts'

const { policy, arrivals, close } = await createPolicyUnderTest()
export const undo = close

/** Cached answers are synchronous; one that is not would make this a benchmark of promises. */
function decideNow(arrival: Arrival) {
  const traced = policy.arrive.run(arrival)
  if (traced instanceof Promise || !traced.passed) throw new Error('refused, or not answered at once')
  const verdict = policy.admit.run(traced.exchange)
  if (verdict instanceof Promise || !verdict.passed) throw new Error('refused, or not answered at once')
  return verdict.exchange
}

group('policy', () => {
  for (const [scheme, arrival] of Object.entries(arrivals)) bench(scheme, () => do_not_optimize(decideNow(arrival)))
})
