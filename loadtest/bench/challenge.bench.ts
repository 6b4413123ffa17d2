/** What do the challenges of a 401 cost, with rules about which schemes are offered where, and without? */
import { bench, do_not_optimize, group } from 'mitata'
import { challengeFields, createOffers } from '../../src/refusal/challenge.ts'
import { createPolicyUnderTest, decide } from './policy-parts.ts'

const { policy, arrivals, close } = await createPolicyUnderTest()
export const undo = close

const realm = 'devops.example.test'
const git = await decide(policy, arrivals.pat)
const offer = ['Bearer', 'Basic', 'Negotiate'] as const
const rule = {
  clientClasses: ['browser' as const],
  path: '/DefaultCollection/[^/]+/_apis/',
  offer: ['Bearer' as const],
}
const plain = { realm, offers: createOffers({ offer: [...offer], offerRules: [] }) }
const ruled = { realm, offers: createOffers({ offer: [...offer], offerRules: Array(8).fill(rule) }) }

group('challenge', () => {
  bench('three schemes', () => do_not_optimize(challengeFields(plain, git)))
  bench('three schemes, after eight rules', () => do_not_optimize(challengeFields(ruled, git)))
  bench('an access token refused', () => do_not_optimize(challengeFields(plain, git, 'bearer-expired')))
})
